namespace ArrowQuant.TestKit.Fuzzing;

/// <summary>A valid file in parts, so that one part can be changed and the lengths that stand in others still be right.</summary>
/// <param name="Parts">The parts, such as a header and the data behind it.</param>
/// <param name="Join">Makes a file of parts; null puts one behind the other.</param>
public sealed record FuzzSeed(byte[][] Parts, Func<byte[][], byte[]>? Join = null)
{
    /// <summary>A file that is one part.</summary>
    public static FuzzSeed Whole(byte[] content) => new([content]);

    /// <summary>A safetensors file: header and data; the length in front is put right.</summary>
    public static FuzzSeed SafeTensors(byte[] content)
    {
        int header = (int)BitConverter.ToInt64(content);
        return new([content[8..(8 + header)], content[(8 + header)..]], parts =>
            [.. BitConverter.GetBytes((long)parts[0].Length), .. parts[0], .. parts[1]]);
    }

    /// <summary>A Parquet file: pages and footer; the length behind the footer is put right.</summary>
    public static FuzzSeed Parquet(byte[] content)
    {
        int footer = BitConverter.ToInt32(content, content.Length - 8);
        int start = content.Length - 8 - footer;
        return new([content[..start], content[start..^8]], parts =>
            [.. parts[0], .. parts[1], .. BitConverter.GetBytes(parts[1].Length), .. "PAR1"u8]);
    }

    /// <summary>The file.</summary>
    public byte[] Content => Compose(Parts);

    /// <summary>The file with other parts.</summary>
    public byte[] Compose(byte[][] parts) => Join is null ? [.. parts.SelectMany(part => part)] : Join(parts);
}
