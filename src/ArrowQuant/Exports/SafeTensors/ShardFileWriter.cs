using System.Buffers.Binary;
using System.Text.Json;
using ArrowQuant.Tensors;
using Microsoft.Win32.SafeHandles;

namespace ArrowQuant.Exports.SafeTensors;

/// <summary>One safetensors file that is written in any order: header first, then pieces of tensors at their places.</summary>
internal sealed class ShardFileWriter : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly Dictionary<string, long> _offsets = new(StringComparer.Ordinal);

    /// <param name="path">The file; it must not exist.</param>
    /// <param name="tensors">What it will hold.</param>
    public ShardFileWriter(string path, IEnumerable<TargetTensor> tensors)
    {
        // Wide elements first, so that every tensor begins at a multiple of its element's size.
        TargetTensor[] placed = [.. tensors.OrderByDescending(tensor => tensor.Type.BitSize())];
        byte[] header = Header(placed);
        long position = sizeof(long) + header.Length;
        foreach (TargetTensor tensor in placed)
        {
            _offsets.Add(tensor.Name, position);
            position += tensor.Bytes;
        }

        _handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
        byte[] length = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        RandomAccess.Write(_handle, length, 0);
        RandomAccess.Write(_handle, header, length.Length);
    }

    /// <summary>Writes bytes of a tensor, from its byte <paramref name="offset"/> on.</summary>
    public void Write(TargetTensor tensor, long offset, ReadOnlySpan<byte> bytes) =>
        RandomAccess.Write(_handle, bytes, _offsets[tensor.Name] + offset);

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    private static byte[] Header(IReadOnlyList<TargetTensor> tensors)
    {
        using MemoryStream header = new();
        using (Utf8JsonWriter json = new(header))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString("format", "pt");
            json.WriteEndObject();
            long position = 0;
            foreach (TargetTensor tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.Type.SafeTensorsName());
                WriteNumbers(json, "shape", tensor.Shape.Dimensions.AsSpan());
                WriteNumbers(json, "data_offsets", [position, position + tensor.Bytes]);
                json.WriteEndObject();
                position += tensor.Bytes;
            }

            json.WriteEndObject();
        }

        while (header.Length % sizeof(long) != 0) header.WriteByte((byte)' ');
        return header.ToArray();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, ReadOnlySpan<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (long number in numbers) json.WriteNumberValue(number);
        json.WriteEndArray();
    }
}
