"""What people receive: neutral French texts, rendered from templates. A message never carries a name or a health word."""
