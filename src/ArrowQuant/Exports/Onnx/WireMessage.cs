using System.Buffers.Binary;
using System.Text;

namespace ArrowQuant.Exports.Onnx;

/// <summary>A protobuf message being written.</summary>
internal sealed class WireMessage
{
    private readonly List<byte> _bytes = [];

    /// <summary>Adds an integer field.</summary>
    public WireMessage Integer(int field, long value)
    {
        Varint((ulong)field << 3);
        Varint(unchecked((ulong)value));
        return this;
    }

    /// <summary>Adds a text field.</summary>
    public WireMessage Text(int field, string value) => Bytes(field, Encoding.UTF8.GetBytes(value));

    /// <summary>Adds a field of bytes or a message.</summary>
    public WireMessage Bytes(int field, ReadOnlySpan<byte> value)
    {
        Header(field, value.Length);
        _bytes.AddRange(value);
        return this;
    }

    /// <summary>Adds a message.</summary>
    public WireMessage Message(int field, WireMessage value) => Bytes(field, value.ToArray());

    /// <summary>Adds tag and length of a field whose bytes follow elsewhere.</summary>
    public WireMessage Header(int field, long length)
    {
        Varint((ulong)field << 3 | 2);
        Varint((ulong)length);
        return this;
    }

    /// <summary>The bytes of the message.</summary>
    public byte[] ToArray() => [.. _bytes];

    /// <summary>Little-endian values of floats.</summary>
    public static byte[] ValuesOf(ReadOnlySpan<float> values)
    {
        byte[] bytes = new byte[sizeof(float) * values.Length];
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(sizeof(float) * i), values[i]);
        return bytes;
    }

    /// <summary>Little-endian values of integers.</summary>
    public static byte[] ValuesOf(ReadOnlySpan<long> values)
    {
        byte[] bytes = new byte[sizeof(long) * values.Length];
        for (int i = 0; i < values.Length; i++) BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(sizeof(long) * i), values[i]);
        return bytes;
    }

    private void Varint(ulong value)
    {
        for (; value > 0x7F; value >>= 7) _bytes.Add((byte)(value | 0x80));
        _bytes.Add((byte)value);
    }
}
