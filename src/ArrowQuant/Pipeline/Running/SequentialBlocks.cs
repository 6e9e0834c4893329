using ArrowQuant.Methods;
using ArrowQuant.Pipeline.Measuring;
using ArrowQuant.Pipeline.Resuming;

namespace ArrowQuant.Pipeline.Running;

/// <summary>The blocks that sequential calibration has quantized, until the pass that it belongs to takes them.</summary>
internal sealed class SequentialBlocks(IDisposable charge) : IFinishedBlocks, IDisposable
{
    private readonly Dictionary<(string Layer, long RowStart), FinishedBlock> _blocks = [];

    /// <summary>Adds a block; not while others take.</summary>
    public void Add(string layer, FinishedBlock block) => _blocks.Add((layer, block.Block.RowStart), block);

    /// <inheritdoc/>
    public FinishedBlock? TryTake(LayerIdentity layer, long rowStart, int rowCount, UInt128 sourceHash) =>
        _blocks.GetValueOrDefault((layer.Request.Name, rowStart));

    /// <summary>Does nothing: other layers need no keeping.</summary>
    public void Keep(LayerIdentity layer, PreparedLayer choices, QuantizedRows rows)
    {
    }

    /// <inheritdoc/>
    public void Dispose() => charge.Dispose();
}
