namespace ArrowQuant.Storage;

/// <summary>Reads documents whole, as long as they are of a size that such a document can have.</summary>
internal static class BoundedFile
{
    /// <summary>A list of every tensor of the largest models takes less.</summary>
    private const long LengthLimit = 256L << 20;

    /// <summary>The bytes of a file.</summary>
    /// <exception cref="IOException">There is no such file, it is no file, cannot be read, or is larger than any such document.</exception>
    public static byte[] ReadAllBytes(string path)
    {
        RegularFile.Require(path);
        long length = new FileInfo(path).Length;
        return length <= LengthLimit
            ? File.ReadAllBytes(path)
            : throw new IOException($"it has {length} bytes, expected at most {LengthLimit}");
    }
}
