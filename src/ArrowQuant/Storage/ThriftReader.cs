namespace ArrowQuant.Storage;

/// <summary>
/// Walks over the compact form of Thrift, in which Parquet writes its footer and page headers. Nothing is built; a count is compared with
/// the bytes that are left before it is believed.
/// </summary>
internal ref struct ThriftReader(ReadOnlySpan<byte> bytes)
{
    private const int DepthLimit = 32;

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    /// <summary>Bytes that were read.</summary>
    public int Position { get; private set; }

    /// <summary>The next field of a structure; false at its end.</summary>
    /// <param name="field">The number of the field before, 0 at first; becomes that of this field.</param>
    /// <param name="type">What the field holds.</param>
    public bool NextField(ref int field, out ThriftType type)
    {
        byte head = ReadByte();
        type = (ThriftType)(head & 0x0F);
        if (type == ThriftType.Stop) return false;
        int step = head >> 4;
        field = step == 0 ? checked((int)ReadInteger()) : field + step;
        return true;
    }

    /// <summary>A number of 16, 32 or 64 bits.</summary>
    public long ReadInteger()
    {
        ulong folded = ReadCount();
        return (long)(folded >> 1) ^ -(long)(folded & 1);
    }

    /// <summary>A number that must be of a type that holds numbers.</summary>
    public long ReadInteger(ThriftType type) => type is ThriftType.Int16 or ThriftType.Int32 or ThriftType.Int64
        ? ReadInteger()
        : throw new InvalidDataException($"its metadata hold a {type} where a number is expected");

    /// <summary>Begins a list and gives its length.</summary>
    /// <param name="type">The type of the field, which must be a list.</param>
    /// <param name="element">The type of its elements.</param>
    public int BeginList(ThriftType type, out ThriftType element)
    {
        Require(type is ThriftType.List or ThriftType.Set, type, "a list");
        byte head = ReadByte();
        element = (ThriftType)(head & 0x0F);
        ulong count = head >> 4 == 15 ? ReadCount() : (ulong)(head >> 4);
        return count <= (ulong)(_bytes.Length - Position)
            ? (int)count
            : throw new EndOfStreamException($"its metadata claim a list of {count} elements in {_bytes.Length - Position} bytes");
    }

    /// <summary>Begins a structure.</summary>
    public static void BeginStructure(ThriftType type) => Require(type == ThriftType.Structure, type, "a structure");

    /// <summary>Passes over a value.</summary>
    public void Skip(ThriftType type) => Skip(type, inList: false, DepthLimit);

    private static void Require(bool holds, ThriftType found, string expected)
    {
        if (!holds) throw new InvalidDataException($"its metadata hold a {found} where {expected} is expected");
    }

    private void Skip(ThriftType type, bool inList, int depth)
    {
        if (depth == 0) throw new InvalidDataException($"its metadata are nested more than {DepthLimit} deep");
        switch (type)
        {
            case ThriftType.True or ThriftType.False:
                if (inList) Advance(1);
                break;
            case ThriftType.Byte:
                Advance(1);
                break;
            case ThriftType.Int16 or ThriftType.Int32 or ThriftType.Int64:
                ReadCount();
                break;
            case ThriftType.Double:
                Advance(sizeof(double));
                break;
            case ThriftType.Binary:
                Advance(ReadCount());
                break;
            case ThriftType.List or ThriftType.Set:
                int count = BeginList(type, out ThriftType element);
                for (int i = 0; i < count; i++) Skip(element, inList: true, depth - 1);
                break;
            case ThriftType.Map:
                SkipMap(depth);
                break;
            case ThriftType.Structure:
                int field = 0;
                while (NextField(ref field, out ThriftType held)) Skip(held, inList: false, depth - 1);
                break;
            default:
                throw new InvalidDataException($"its metadata hold a value of the unknown type {(int)type}");
        }
    }

    private void SkipMap(int depth)
    {
        ulong count = ReadCount();
        if (count == 0) return;
        byte types = ReadByte();
        for (ulong i = 0; i < count; i++)
        {
            Skip((ThriftType)(types >> 4), inList: true, depth - 1);
            Skip((ThriftType)(types & 0x0F), inList: true, depth - 1);
        }
    }

    private ulong ReadCount()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte part = ReadByte();
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80) return value;
        }

        throw new InvalidDataException("its metadata hold a number of more than 64 bits");
    }

    private byte ReadByte()
    {
        Advance(1);
        return _bytes[Position - 1];
    }

    private void Advance(ulong count)
    {
        if (count > (ulong)(_bytes.Length - Position)) throw new EndOfStreamException("its metadata end within a value");
        Position += (int)count;
    }
}

/// <summary>What a value of the compact form of Thrift is.</summary>
internal enum ThriftType : byte
{
    /// <summary>The end of a structure.</summary>
    Stop = 0,

    /// <summary>The value true.</summary>
    True = 1,

    /// <summary>The value false.</summary>
    False = 2,

    /// <summary>One byte.</summary>
    Byte = 3,

    /// <summary>A number of 16 bits.</summary>
    Int16 = 4,

    /// <summary>A number of 32 bits.</summary>
    Int32 = 5,

    /// <summary>A number of 64 bits.</summary>
    Int64 = 6,

    /// <summary>A float64.</summary>
    Double = 7,

    /// <summary>Text or bytes.</summary>
    Binary = 8,

    /// <summary>A list.</summary>
    List = 9,

    /// <summary>A set, written as a list.</summary>
    Set = 10,

    /// <summary>A map.</summary>
    Map = 11,

    /// <summary>A structure.</summary>
    Structure = 12,
}
