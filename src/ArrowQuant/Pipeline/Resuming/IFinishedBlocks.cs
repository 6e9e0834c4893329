using ArrowQuant.Methods;
using ArrowQuant.Pipeline.Measuring;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline.Resuming;

/// <summary>Blocks that earlier runs finished, wherever they are kept. Thread-safe.</summary>
internal interface IFinishedBlocks
{
    /// <summary>
    /// The block of these rows, when one is there that was made of the same source bytes by the same choices; else null.
    /// </summary>
    FinishedBlock? TryTake(LayerIdentity layer, long rowStart, int rowCount, UInt128 sourceHash);

    /// <summary>Keeps a block for later runs, if this is a place where blocks are kept.</summary>
    void Keep(LayerIdentity layer, PreparedLayer choices, QuantizedRows rows);
}

/// <summary>A block that an earlier run finished.</summary>
/// <param name="Choices">What was chosen for its layer: what is stored of it, without what is needed to quantize more rows.</param>
/// <param name="Block">Codes and group values.</param>
/// <param name="Measures">What was measured on it; null when it must be measured again.</param>
internal sealed record FinishedBlock(PreparedLayer Choices, QuantizedBlock Block, RowMeasures? Measures);
