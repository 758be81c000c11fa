"""Where R4 (4.0.1, what is on the wire) and R4B (4.3.0, the classes at hand) differ: R4 must not be refused for it.

R4B kept R4 but for the resources of medicinal products, of evidence and of substances, and for a few elements. A type that R4B dropped
or remade is checked without its schema: identifiers, extensions, references and the rules common to every resource.
"""

from __future__ import annotations

SUPPRIMES_EN_R4B = frozenset(
    {
        "EffectEvidenceSynthesis", "RiskEvidenceSynthesis", "MedicinalProduct", "MedicinalProductAuthorization",
        "MedicinalProductContraindication", "MedicinalProductIndication", "MedicinalProductIngredient", "MedicinalProductInteraction",
        "MedicinalProductManufactured", "MedicinalProductPackaged", "MedicinalProductPharmaceutical", "MedicinalProductUndesirableEffect",
        "SubstanceNucleicAcid", "SubstancePolymer", "SubstanceProtein", "SubstanceReferenceInformation", "SubstanceSourceMaterial",
        "SubstanceSpecification",
    }
)  # fmt: skip
AUTRES_EN_R4 = frozenset({"Evidence", "EvidenceVariable"})
"""Same name, another shape in R4B."""
PERMIS_EN_R4: frozenset[tuple[str, str]] = frozenset()
"""(type, element) of R4 that the R4B class does not have."""
