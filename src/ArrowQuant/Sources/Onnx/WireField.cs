using System.Buffers.Binary;

namespace ArrowQuant.Sources.Onnx;

/// <summary>How the value of a protobuf field is stored.</summary>
internal enum WireType
{
    /// <summary>Seven bits to a byte, the lowest first.</summary>
    Varint = 0,

    /// <summary>Eight bytes.</summary>
    Fixed64 = 1,

    /// <summary>A length and that many bytes: text, bytes, a message, or packed numbers.</summary>
    Bytes = 2,

    /// <summary>Four bytes.</summary>
    Fixed32 = 5,
}

/// <summary>One field of a protobuf message.</summary>
/// <param name="Number">Its number in the message's definition.</param>
/// <param name="Type">How its value is stored.</param>
/// <param name="Value">The value of a number; 0 for bytes.</param>
/// <param name="Content">The bytes of the value, without tag and length.</param>
/// <param name="Whole">The bytes of the field, with its tag.</param>
internal readonly record struct WireField(int Number, WireType Type, ulong Value, WireSpan Content, WireSpan Whole)
{
    /// <summary>The value as a signed integer.</summary>
    public long Signed => unchecked((long)Value);

    /// <summary>The value of a four-byte field as binary32.</summary>
    public float Single => BitConverter.UInt32BitsToSingle(unchecked((uint)Value));

    /// <summary>A little-endian number of four or eight bytes.</summary>
    public static ulong FixedOf(ReadOnlySpan<byte> bytes) => bytes.Length == sizeof(uint)
        ? BinaryPrimitives.ReadUInt32LittleEndian(bytes)
        : BinaryPrimitives.ReadUInt64LittleEndian(bytes);
}
