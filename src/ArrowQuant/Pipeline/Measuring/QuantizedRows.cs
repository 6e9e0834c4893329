using ArrowQuant.Methods;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline.Measuring;

/// <summary>A quantized block and what was measured on it.</summary>
/// <param name="Block">Codes and group values.</param>
/// <param name="Measures">Sums over weights and over held-out outputs.</param>
/// <param name="SourceHash">XXH128 of the source bytes of the block.</param>
internal sealed record QuantizedRows(QuantizedBlock Block, RowMeasures Measures, UInt128 SourceHash);
