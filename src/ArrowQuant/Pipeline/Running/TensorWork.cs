using ArrowQuant.Methods;
using ArrowQuant.Pipeline.Measuring;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Quality;
using ArrowQuant.Storage;

namespace ArrowQuant.Pipeline.Running;

/// <summary>The state of one tensor during a pass: collects what its blocks measured, in order.</summary>
/// <param name="planned">The tensor.</param>
/// <param name="reader">Reads its rows.</param>
/// <param name="job">Quantizes its blocks, or null when it is kept.</param>
/// <param name="judgeByOutputs">Whether the gate compares outputs.</param>
internal sealed class TensorWork(PlannedTensor planned, MatrixReader reader, LayerJob? job, bool judgeByOutputs) : IDisposable
{
    private readonly List<UInt128> _hashes = [];
    private RowMeasures? _measures;

    /// <summary>The tensor.</summary>
    public PlannedTensor Planned => planned;

    /// <summary>Reads its rows.</summary>
    public MatrixReader Reader => reader;

    /// <summary>Quantizes its blocks, or null when it is kept.</summary>
    public LayerJob? Job => job;

    /// <summary>What every stored row of the tensor says; made when its first block is written.</summary>
    public LayerHeader? Header { get; set; }

    /// <summary>
    /// What the layer's bias takes up, once all of its blocks are there; empty until then and where nothing is corrected.
    /// </summary>
    public float[] Shifts { get; private set; } = [];

    /// <summary>Adds what the next block measured; the outcome after the last one, else null.</summary>
    public LayerOutcome? Add(QuantizedRows rows, bool isLast)
    {
        _measures ??= new RowMeasures(rows.Measures.Outputs.Length);
        _measures.Add(rows.Measures);
        _hashes.Add(rows.SourceHash);
        if (!isLast) return null;
        LayerFigures figures = LayerFigures.From(_measures.Weights);
        OutputFigures? outputs = OutputFigures.From(_measures.Outputs, _measures.Damage);
        Shifts = [.. _measures.Shifts];
        return new LayerOutcome
        {
            Layer = planned,
            Recipe = job!.Prepared.Recipe,
            Format = rows.Block.Format,
            Sums = _measures.Weights,
            Figures = figures,
            Outputs = outputs,
            Shifts = Shifts,
            Accuracy = judgeByOutputs ? outputs?.Cosine ?? figures.Cosine : figures.Cosine,
            SourceHash = SourceHash.Of(_hashes),
        };
    }

    /// <inheritdoc/>
    public void Dispose() => job?.Dispose();
}
