using ArrowQuant.Kernels;
using ArrowQuant.Tensors;

namespace ArrowQuant.Pipeline;

/// <summary>A quantized block and what was measured on it.</summary>
/// <param name="Block">Codes and group values.</param>
/// <param name="Sums">Sums over original and decoded weights.</param>
/// <param name="SourceHash">XXH128 of the source bytes of the block.</param>
internal sealed record QuantizedRows(QuantizedBlock Block, ErrorSums Sums, UInt128 SourceHash);
