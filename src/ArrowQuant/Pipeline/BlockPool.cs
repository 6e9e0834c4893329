using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline;

/// <summary>
/// Keeps the arrays of blocks that were written for the blocks that come, so that memory is neither zeroed nor fetched from the system
/// again. Thread-safe.
/// </summary>
/// <param name="capacity">Blocks that are kept at most.</param>
internal sealed class BlockPool(int capacity)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<BlockSize, Stack<QuantizedBlock>> _spent = [];
    private int _kept;

    /// <summary>A block whose rows are all to be filled; its arrays hold anything.</summary>
    public QuantizedBlock Rent(QuantizedFormat format, long rowStart, int rowCount)
    {
        BlockSize size = BlockSize.Of(format, rowCount);
        lock (_gate)
        {
            if (_spent.TryGetValue(size, out Stack<QuantizedBlock>? stack) && stack.TryPop(out QuantizedBlock? spent))
            {
                _kept--;
                return new QuantizedBlock(format, rowStart, rowCount, spent);
            }

            // Layers of one size mostly follow one another: a full pool without the wanted size is one of layers that are done.
            if (_kept == capacity) Clear();
        }

        return new QuantizedBlock(format, rowStart, rowCount);
    }

    /// <summary>Takes a block that nobody uses any more.</summary>
    public void Return(QuantizedBlock block)
    {
        BlockSize size = BlockSize.Of(block.Format, block.RowCount);
        lock (_gate)
        {
            if (_kept == capacity) return;
            if (!_spent.TryGetValue(size, out Stack<QuantizedBlock>? stack)) _spent.Add(size, stack = new Stack<QuantizedBlock>());
            stack.Push(block);
            _kept++;
        }
    }

    private void Clear()
    {
        _spent.Clear();
        _kept = 0;
    }

    private readonly record struct BlockSize(long CodeBytes, long Groups, int Levels)
    {
        public static BlockSize Of(QuantizedFormat format, int rows) => new(
            (long)rows * format.Groups.RowBytes(format.BitWidth), (long)rows * format.Groups.GroupsPerRow, format.LevelsPerGroup);
    }
}
