"""limefw's own plug-ins: one function a file, one list a folder; they come in by the same door as everyone's."""
