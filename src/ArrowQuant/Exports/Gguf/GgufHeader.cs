using System.Text;

namespace ArrowQuant.Exports.Gguf;

/// <summary>What stands before the data of a GGUF file: version 3, little-endian, typed key-value pairs, the list of tensors.</summary>
internal sealed class GgufHeader
{
    /// <summary>What every tensor's offset is a multiple of.</summary>
    public const int Alignment = 32;

    private const uint Version = 3;
    private const uint Uint32Type = 4, Int32Type = 5, StringType = 8, ArrayType = 9;

    private readonly List<byte[]> _pairs = [];

    /// <summary>Adds a text.</summary>
    public void Add(string key, string value) => Add(key, StringType, writer => WriteText(writer, value));

    /// <summary>Adds a number.</summary>
    public void Add(string key, uint value) => Add(key, Uint32Type, writer => writer.Write(value));

    /// <summary>Adds a list of numbers.</summary>
    public void Add(string key, IReadOnlyList<int> values) => Add(key, ArrayType, writer =>
    {
        writer.Write(Int32Type);
        writer.Write((ulong)values.Count);
        foreach (int value in values) writer.Write(value);
    });

    /// <summary>The bytes of the header, padded to the alignment. Their number depends on names and dimensions alone.</summary>
    public byte[] ToBytes(IReadOnlyList<GgufTensor> tensors)
    {
        using MemoryStream header = new();
        using BinaryWriter writer = new(header, Encoding.UTF8);
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write((ulong)tensors.Count);
        writer.Write((ulong)_pairs.Count);
        foreach (byte[] pair in _pairs) writer.Write(pair);
        foreach (GgufTensor tensor in tensors)
        {
            WriteText(writer, tensor.Name);
            writer.Write((uint)tensor.Dimensions.Count);
            foreach (long dimension in tensor.Dimensions) writer.Write((ulong)dimension);
            writer.Write((uint)tensor.Type);
            writer.Write((ulong)tensor.Offset);
        }

        writer.Write(new byte[Aligned(header.Length) - header.Length]);
        return header.ToArray();
    }

    /// <summary>The next multiple of the alignment.</summary>
    public static long Aligned(long position) => (position + Alignment - 1) / Alignment * Alignment;

    private static void WriteText(BinaryWriter writer, string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)utf8.Length);
        writer.Write(utf8);
    }

    private void Add(string key, uint type, Action<BinaryWriter> write)
    {
        using MemoryStream pair = new();
        using BinaryWriter writer = new(pair, Encoding.UTF8);
        WriteText(writer, key);
        writer.Write(type);
        write(writer);
        _pairs.Add(pair.ToArray());
    }
}
