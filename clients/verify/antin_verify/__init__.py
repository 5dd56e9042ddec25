"""The public page where anybody checks a signed document. It speaks HTTP to the signing service alone."""
