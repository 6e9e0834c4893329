using System.Buffers.Binary;
using System.IO.Hashing;
using ArrowQuant.Kernels;
using ArrowQuant.Quality;
using ArrowQuant.Storage;

namespace ArrowQuant.Pipeline;

/// <summary>The state of one tensor during a pass: collects what its blocks measured, in order.</summary>
/// <param name="planned">The tensor.</param>
/// <param name="reader">Reads its rows.</param>
/// <param name="job">Quantizes its blocks, or null when it is kept.</param>
internal sealed class TensorWork(PlannedTensor planned, MatrixReader reader, LayerJob? job)
{
    private readonly List<UInt128> _hashes = [];
    private ErrorSums _sums;

    /// <summary>The tensor.</summary>
    public PlannedTensor Planned => planned;

    /// <summary>Reads its rows.</summary>
    public MatrixReader Reader => reader;

    /// <summary>Quantizes its blocks, or null when it is kept.</summary>
    public LayerJob? Job => job;

    /// <summary>What every stored row of the tensor says; made when its first block is written.</summary>
    public LayerHeader? Header { get; set; }

    /// <summary>Adds what the next block measured; the outcome after the last one, else null.</summary>
    public LayerOutcome? Add(QuantizedRows rows, bool isLast)
    {
        _sums.Add(rows.Sums);
        _hashes.Add(rows.SourceHash);
        if (!isLast) return null;
        return new LayerOutcome
        {
            Layer = planned,
            Recipe = job!.Recipe,
            Format = rows.Block.Format,
            Sums = _sums,
            Figures = LayerFigures.From(_sums),
            SourceHash = _hashes.Count == 1 ? _hashes[0] : HashOfHashes(),
        };
    }

    private UInt128 HashOfHashes()
    {
        byte[] bytes = new byte[16 * _hashes.Count];
        for (int i = 0; i < _hashes.Count; i++) BinaryPrimitives.WriteUInt128BigEndian(bytes.AsSpan(16 * i), _hashes[i]);
        return XxHash128.HashToUInt128(bytes);
    }
}
