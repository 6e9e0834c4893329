namespace ArrowQuant.Calibration;

/// <summary>
/// What one message of an Arrow file says of itself, checked: the library that reads it takes counts and lengths on trust, so that a small
/// lie costs gigabytes or hours.
/// </summary>
/// <param name="Kind">What the message is.</param>
/// <param name="BodyLength">Bytes of the buffers behind the metadata.</param>
internal readonly record struct ArrowMessage(ArrowMessageKind Kind, long BodyLength)
{
    private const int FieldLimit = 1 << 12;
    private const int DepthLimit = 8;

    // Fields of the table Message.
    private const int HeaderType = 1;
    private const int Header = 2;
    private const int Body = 3;

    // Fields of the table Schema.
    private const int SchemaFields = 1;
    private const int SchemaPairs = 2;

    /// <summary>Checks the metadata of a message.</summary>
    /// <param name="metadata">The FlatBuffers message.</param>
    /// <param name="bytesBehind">Bytes of the file behind it.</param>
    /// <exception cref="InvalidDataException">They contradict themselves or the file.</exception>
    public static ArrowMessage Check(ReadOnlySpan<byte> metadata, long bytesBehind)
    {
        FlatTable message = FlatTable.Root(metadata);
        long body = message.Int64(Body);
        if (body < 0 || body > bytesBehind)
            throw new InvalidDataException($"a message claims {body} bytes of values, the file has {bytesBehind} behind it");
        ArrowMessageKind kind = (ArrowMessageKind)message.Byte(HeaderType);
        switch (kind)
        {
            case ArrowMessageKind.Schema:
                int left = FieldLimit;
                FlatTable schema = message.Table(Header);
                schema.Count(SchemaPairs, sizeof(int));
                CheckFields(schema, SchemaFields, depth: 0, ref left);
                break;
            case ArrowMessageKind.DictionaryBatch:
                CheckBatch(message.Table(Header).Table(1), body);
                break;
            case ArrowMessageKind.RecordBatch:
                CheckBatch(message.Table(Header), body);
                break;
            default:
                throw new InvalidDataException($"a message of kind {(byte)kind}, expected a schema, a dictionary or a record batch");
        }

        return new ArrowMessage(kind, body);
    }

    private static void CheckFields(FlatTable parent, int vector, int depth, ref int left)
    {
        const int Name = 0;
        const int Children = 5;
        const int Pairs = 6;
        int count = parent.Count(vector, sizeof(int));
        if (depth > DepthLimit) throw new InvalidDataException($"fields are nested more than {DepthLimit} deep");
        left -= count;
        if (left < 0) throw new InvalidDataException($"more than {FieldLimit} fields");
        for (int i = 0; i < count; i++)
        {
            FlatTable field = parent.Item(vector, i);
            field.Count(Name, sizeof(byte));
            field.Count(Pairs, sizeof(int));
            CheckFields(field, Children, depth + 1, ref left);
        }
    }

    private static void CheckBatch(FlatTable batch, long body)
    {
        const int Length = 0;
        const int Nodes = 1;
        const int Buffers = 2;
        const int Compression = 3;
        const int Pair = 2 * sizeof(long);
        if (batch.Has(Compression)) throw new InvalidDataException("compressed buffers, expected plain ones; write the file uncompressed");

        // A row costs a byte at least in columns that calibration reads, a value of the others a bit.
        CheckLength(batch.Int64(Length), body);
        for (int i = 0; i < batch.Count(Nodes, Pair); i++)
        {
            long length = batch.Pair(Nodes, i, 0);
            CheckLength(length, 8 * Math.Min(body, long.MaxValue / 8));
            long nulls = batch.Pair(Nodes, i, 1);
            if (nulls < -1 || nulls > length) throw new InvalidDataException($"{nulls} nulls among {length} values");
        }

        for (int i = 0; i < batch.Count(Buffers, Pair); i++)
        {
            long start = batch.Pair(Buffers, i, 0);
            long length = batch.Pair(Buffers, i, 1);
            if (start < 0 || length < 0 || start > body - length)
                throw new InvalidDataException($"a buffer at {start} of {length} bytes among {body} bytes of values");
        }
    }

    private static void CheckLength(long length, long most)
    {
        if (length < 0 || length > most) throw new InvalidDataException($"{length} rows or values, expected at most {most} by its bytes");
    }
}

/// <summary>What a message of an Arrow file is; the numbers are those of the format.</summary>
internal enum ArrowMessageKind : byte
{
    /// <summary>The columns.</summary>
    Schema = 1,

    /// <summary>The words of a dictionary.</summary>
    DictionaryBatch = 2,

    /// <summary>Rows.</summary>
    RecordBatch = 3,
}
