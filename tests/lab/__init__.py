"""The fault lab: real faults made of real components, each with the verdict it must get."""
