using System.Buffers.Binary;
using System.Text;
using ArrowQuant.Storage;
using Microsoft.Win32.SafeHandles;

namespace ArrowQuant.Exports.Gguf;

/// <summary>A GGUF file of ours, opened to check it: the list of tensors as the file has it, and their data.</summary>
internal sealed class GgufFile : IDisposable
{
    private readonly string _path;
    private readonly SafeFileHandle _handle;
    private readonly long _dataStart;

    private GgufFile(string path, SafeFileHandle handle, IReadOnlyDictionary<string, GgufTensor> tensors, long dataStart)
    {
        _path = path;
        _handle = handle;
        Tensors = tensors;
        _dataStart = dataStart;
    }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, GgufTensor> Tensors { get; }

    /// <summary>Opens a file whose key-value pairs are of the types that <see cref="GgufHeader"/> writes.</summary>
    /// <exception cref="Errors.ResourceException">It is not such a file.</exception>
    public static GgufFile Open(string path)
    {
        Dictionary<string, GgufTensor> tensors = new(StringComparer.Ordinal);
        using FileStream file = File.OpenRead(path);
        using BinaryReader reader = new(file, Encoding.UTF8);
        if (reader.ReadUInt32() != BinaryPrimitives.ReadUInt32LittleEndian("GGUF"u8) || reader.ReadUInt32() != 3)
            throw Failures.Resource(path, "does not begin as it was written; check the disk");
        long count = reader.ReadInt64(), pairs = reader.ReadInt64();
        for (long i = 0; i < pairs; i++)
        {
            _ = ReadText(reader);
            SkipValue(reader, reader.ReadUInt32());
        }

        for (long i = 0; i < count; i++)
        {
            string name = ReadText(reader);
            long[] dimensions = new long[reader.ReadUInt32()];
            for (int d = 0; d < dimensions.Length; d++) dimensions[d] = reader.ReadInt64();
            tensors.Add(name, new GgufTensor(name, dimensions, (GgmlType)reader.ReadUInt32(), reader.ReadInt64()));
        }

        return new GgufFile(path, File.OpenHandle(path), tensors, GgufHeader.Aligned(file.Position));
    }

    /// <summary>Fills <paramref name="destination"/> with bytes of a tensor, from its byte <paramref name="offset"/> on.</summary>
    /// <exception cref="Errors.ResourceException">The file is shorter.</exception>
    public void Read(GgufTensor tensor, long offset, Span<byte> destination)
    {
        int read = RandomAccess.Read(_handle, destination, _dataStart + tensor.Offset + offset);
        if (read != destination.Length) throw Failures.Resource(_path, $"tensor {tensor.Name}: the file ends in it; check the disk");
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    private static string ReadText(BinaryReader reader) => Encoding.UTF8.GetString(reader.ReadBytes(checked((int)reader.ReadInt64())));

    private static void SkipValue(BinaryReader reader, uint type)
    {
        switch (type)
        {
            case 8: _ = ReadText(reader); break;
            case 9:
                _ = reader.ReadUInt32();
                long count = reader.ReadInt64();
                reader.BaseStream.Position += 4 * count;
                break;
            default: reader.BaseStream.Position += 4; break;
        }
    }
}
