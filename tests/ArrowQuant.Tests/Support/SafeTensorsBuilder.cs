using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using ArrowQuant.Tensors;

namespace ArrowQuant.Tests.Support;

/// <summary>Writes safetensors files: valid ones from tensors, and lying ones from any header.</summary>
internal sealed class SafeTensorsBuilder
{
    private readonly List<(string Name, ElementType Type, long[] Shape, byte[] Values)> _tensors = [];
    private readonly Dictionary<string, string> _metadata = [];

    public static byte[] Raw(string header, int dataLength) => Raw(Encoding.UTF8.GetBytes(header), new byte[dataLength]);

    public static byte[] Raw(byte[] header, byte[] data)
    {
        byte[] file = new byte[8 + header.Length + data.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)header.Length);
        header.CopyTo(file, 8);
        data.CopyTo(file, 8 + header.Length);
        return file;
    }

    public SafeTensorsBuilder Metadata(string key, string value)
    {
        _metadata.Add(key, value);
        return this;
    }

    public SafeTensorsBuilder Add(string name, ElementType type, long[] shape, byte[] values)
    {
        _tensors.Add((name, type, shape, values));
        return this;
    }

    /// <summary>Adds a tensor whose bytes count up from its place in the file.</summary>
    public SafeTensorsBuilder Add(string name, ElementType type, params long[] shape)
    {
        byte[] values = new byte[type.ByteLength(new TensorShape(shape).ElementCount)!.Value];
        for (int i = 0; i < values.Length; i++) values[i] = (byte)(i + (7 * _tensors.Count));
        return Add(name, type, shape, values);
    }

    public SafeTensorsBuilder Add(string name, float[] values, params long[] shape)
    {
        byte[] bytes = new byte[4 * values.Length];
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(4 * i), values[i]);
        return Add(name, ElementType.F32, shape, bytes);
    }

    public byte[] Build()
    {
        Dictionary<string, object> header = [];
        if (_metadata.Count > 0) header["__metadata__"] = _metadata;
        long offset = 0;
        foreach ((string name, ElementType type, long[] shape, byte[] values) in _tensors)
        {
            header.Add(name, new { dtype = type.SafeTensorsName(), shape, data_offsets = new[] { offset, offset + values.Length } });
            offset += values.Length;
        }

        return Raw(JsonSerializer.SerializeToUtf8Bytes(header), [.. _tensors.SelectMany(tensor => tensor.Values)]);
    }
}
