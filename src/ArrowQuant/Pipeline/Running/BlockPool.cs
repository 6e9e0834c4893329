using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline.Running;

/// <summary>
/// Keeps the arrays of blocks that were written for the blocks that come, so that memory is neither zeroed nor fetched from the system
/// again. A block that must be made anew drops one that is kept for another size, so that those in use and those that are kept are never
/// more than were in use at once. Thread-safe.
/// </summary>
internal sealed class BlockPool
{
    private readonly Lock _gate = new();
    private readonly Dictionary<BlockSize, Stack<QuantizedBlock>> _spent = [];

    /// <summary>A block whose rows are all to be filled; its arrays hold anything.</summary>
    public QuantizedBlock Rent(QuantizedFormat format, long rowStart, int rowCount)
    {
        BlockSize size = BlockSize.Of(format, rowCount);
        lock (_gate)
        {
            if (_spent.TryGetValue(size, out Stack<QuantizedBlock>? stack) && stack.TryPop(out QuantizedBlock? spent))
                return new QuantizedBlock(format, rowStart, rowCount, spent);
            _spent.Values.FirstOrDefault(kept => kept.Count > 0)?.Pop();
        }

        return new QuantizedBlock(format, rowStart, rowCount);
    }

    /// <summary>Takes a block that nobody uses any more.</summary>
    public void Return(QuantizedBlock block)
    {
        BlockSize size = BlockSize.Of(block.Format, block.RowCount);
        lock (_gate)
        {
            if (!_spent.TryGetValue(size, out Stack<QuantizedBlock>? stack)) _spent.Add(size, stack = new Stack<QuantizedBlock>());
            stack.Push(block);
        }
    }

    private readonly record struct BlockSize(long CodeBytes, long Groups, int ZeroPoints, int Levels)
    {
        public static BlockSize Of(QuantizedFormat format, int rows) => new(
            (long)rows * format.Groups.RowBytes(format.BitWidth), (long)rows * format.Groups.GroupsPerRow,
            format.ZeroPointsPerGroup, format.LevelsPerGroup);
    }
}
