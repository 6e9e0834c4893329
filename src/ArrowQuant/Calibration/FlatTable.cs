using System.Buffers.Binary;

namespace ArrowQuant.Calibration;

/// <summary>
/// A table of a FlatBuffers message, as the metadata of Arrow files is written. Every place is compared with the message before it is
/// read. Numbers of fields are those of the schema, from 0.
/// </summary>
internal readonly ref struct FlatTable
{
    private const int OffsetBytes = 4;
    private const int VectorLimit = 1 << 20;

    private readonly ReadOnlySpan<byte> _message;
    private readonly int _start;
    private readonly int _fields;
    private readonly int _fieldsLength;

    private FlatTable(ReadOnlySpan<byte> message, int start)
    {
        _message = message;
        _start = start;
        long fields = start - (long)Int32(message, start);
        if (fields < 0 || fields > message.Length - OffsetBytes) throw Outside(fields);
        _fields = (int)fields;
        _fieldsLength = UInt16(message, _fields);
        int inlineLength = UInt16(message, _fields + 2);
        if (_fieldsLength > message.Length - _fields) throw Outside(_fields + _fieldsLength);
        if (inlineLength > message.Length - start) throw Outside(start + inlineLength);
    }

    /// <summary>The table that a message consists of.</summary>
    /// <exception cref="InvalidDataException">It leaves the message.</exception>
    public static FlatTable Root(ReadOnlySpan<byte> message) => new(message, Follow(message, 0));

    /// <summary>A byte; 0 where the field is absent.</summary>
    public byte Byte(int field) => PlaceOf(field, 1) is { } place ? _message[place] : (byte)0;

    /// <summary>A 64-bit number; 0 where the field is absent.</summary>
    public long Int64(int field) =>
        PlaceOf(field, sizeof(long)) is { } place ? BinaryPrimitives.ReadInt64LittleEndian(_message[place..]) : 0;

    /// <summary>True when the field is there.</summary>
    public bool Has(int field) => PlaceOf(field, 1) is not null;

    /// <summary>The table that a field holds, which must be there.</summary>
    public FlatTable Table(int field) => PlaceOf(field, OffsetBytes) is { } place
        ? new FlatTable(_message, Follow(_message, place))
        : throw new InvalidDataException($"field {field} of a table is missing");

    /// <summary>How many elements a vector has; 0 where the field is absent.</summary>
    /// <param name="field">The field.</param>
    /// <param name="elementBytes">Bytes of an element; 1 for text, 4 for tables.</param>
    public int Count(int field, int elementBytes) => VectorOf(field, elementBytes).Count;

    /// <summary>A table of a vector.</summary>
    public FlatTable Item(int field, int index)
    {
        (int start, int count) = VectorOf(field, OffsetBytes);
        if ((uint)index >= (uint)count) throw new InvalidDataException($"element {index} of a vector of {count}");
        return new FlatTable(_message, Follow(_message, start + (index * OffsetBytes)));
    }

    /// <summary>A 64-bit number in a vector of structures that consist of two.</summary>
    /// <param name="field">The field.</param>
    /// <param name="index">The structure.</param>
    /// <param name="part">0 or 1.</param>
    public long Pair(int field, int index, int part)
    {
        const int PairBytes = 2 * sizeof(long);
        (int start, int count) = VectorOf(field, PairBytes);
        if ((uint)index >= (uint)count) throw new InvalidDataException($"element {index} of a vector of {count}");
        return BinaryPrimitives.ReadInt64LittleEndian(_message[(start + (index * PairBytes) + (part * sizeof(long)))..]);
    }

    private (int Start, int Count) VectorOf(int field, int elementBytes)
    {
        if (PlaceOf(field, OffsetBytes) is not { } place) return (0, 0);
        int vector = Follow(_message, place);
        int count = Int32(_message, vector);
        if (count is < 0 or > VectorLimit) throw new InvalidDataException($"a vector of {count} elements, expected 0..{VectorLimit}");
        int start = vector + OffsetBytes;
        if ((long)count * elementBytes > _message.Length - start) throw Outside(start + ((long)count * elementBytes));
        return (start, count);
    }

    private int? PlaceOf(int field, int bytes)
    {
        int slot = 4 + (2 * field);
        if (slot + 2 > _fieldsLength) return null;
        int offset = UInt16(_message, _fields + slot);
        if (offset == 0) return null;
        int place = _start + offset;
        return place <= _message.Length - bytes ? place : throw Outside(place + (long)bytes);
    }

    // Offsets lead forward, so that tables cannot contain themselves.
    private static int Follow(ReadOnlySpan<byte> message, int place)
    {
        long target = place + (long)(uint)Int32(message, place);
        return target > place && target <= message.Length - OffsetBytes ? (int)target : throw Outside(target);
    }

    private static int Int32(ReadOnlySpan<byte> message, int place) => place >= 0 && place <= message.Length - sizeof(int)
        ? BinaryPrimitives.ReadInt32LittleEndian(message[place..])
        : throw Outside(place);

    private static int UInt16(ReadOnlySpan<byte> message, int place) => place >= 0 && place <= message.Length - sizeof(ushort)
        ? BinaryPrimitives.ReadUInt16LittleEndian(message[place..])
        : throw Outside(place);

    private static InvalidDataException Outside(long place) => new($"its metadata refer to byte {place}, outside of their message");
}
