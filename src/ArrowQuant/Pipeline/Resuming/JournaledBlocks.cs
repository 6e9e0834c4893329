using System.Buffers.Binary;
using System.IO.Hashing;
using ArrowQuant.Methods;
using ArrowQuant.Pipeline.Measuring;
using ArrowQuant.Storage;

namespace ArrowQuant.Pipeline.Resuming;

/// <summary>Finished blocks in the journal beside an output: what <c>--resume</c> takes over and adds to. Thread-safe.</summary>
internal sealed class JournaledBlocks(BlockJournal journal) : IFinishedBlocks
{
    private readonly Lock _gate = new();

    /// <inheritdoc/>
    public FinishedBlock? TryTake(LayerIdentity layer, long rowStart, int rowCount, UInt128 sourceHash)
    {
        if (journal.Count == 0) return null;
        UInt128 key = KeyOf(layer, rowStart, rowCount, sourceHash);
        if (!journal.Contains(key) || journal.TryRead(layer.Hash) is not { } choices || journal.TryRead(key) is not { } block) return null;
        try
        {
            PreparedLayer prepared = FinishedBlockCodec.ReadChoices(choices, layer.Request);
            return FinishedBlockCodec.ReadBlock(block, prepared, rowStart, rowCount);
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            throw Failures.Resource(
                journal.FilePath, $"holds a block of {layer.Request.Name} that is not as it was written: {e.Message}; remove the file", e);
        }
    }

    /// <inheritdoc/>
    public void Keep(LayerIdentity layer, PreparedLayer choices, QuantizedRows rows)
    {
        UInt128 key = KeyOf(layer, rows.Block.RowStart, rows.Block.RowCount, rows.SourceHash);
        // The choices first, whatever other workers do: a block without them is of no use.
        lock (_gate)
        {
            if (!journal.Contains(layer.Hash)) journal.Append(layer.Hash, [FinishedBlockCodec.WriteChoices(choices)]);
        }

        journal.Append(key, FinishedBlockCodec.WriteBlock(rows));
    }

    private static UInt128 KeyOf(LayerIdentity layer, long rowStart, int rowCount, UInt128 sourceHash)
    {
        Span<byte> bytes = stackalloc byte[48];
        BinaryPrimitives.WriteUInt128LittleEndian(bytes, layer.Hash);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], rowStart);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[24..], rowCount);
        BinaryPrimitives.WriteUInt128LittleEndian(bytes[32..], sourceHash);
        return XxHash128.HashToUInt128(bytes);
    }
}
