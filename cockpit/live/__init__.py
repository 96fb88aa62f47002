"""The live conversation: from the microphone to the answer, as people talk."""
