using ArrowQuant.Configuration;
using ArrowQuant.Kernels;
using ArrowQuant.Methods;
using ArrowQuant.Pipeline.Measuring;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Pipeline.Running;
using ArrowQuant.Quality;
using ArrowQuant.Reporting;
using ArrowQuant.Sources;
using ArrowQuant.Tensors;
using Microsoft.Extensions.Logging.Abstractions;

namespace ArrowQuant.Tests.Pipeline.Running;

/// <summary>
/// A plan of a few layers and a runner that is told the accuracy of every layer at every width; nothing is read or written. The last
/// layer may have fewer rows than the others.
/// </summary>
internal sealed class LadderFixture(DiffusionQuantConfig config, Func<int, int, double> accuracyOf, int layers = 4, int lastRows = 64)
    : IAttemptRunner, IModelSource
{
    public List<AttemptSpec> Specs { get; } = [];

    public RunJournal Journal { get; } = new(NullLogger.Instance, new QuantizationMeter(), "text");

    public string Path => "model";

    public IReadOnlyList<TensorInfo> Tensors { get; } = [.. Enumerable.Range(0, layers).Select(i => new TensorInfo
    {
        Name = $"layer{i}.weight",
        Shape = new TensorShape(i == layers - 1 ? lastRows : 64, 128),
        ElementType = ElementType.F32,
        ByteLength = (i == layers - 1 ? lastRows : 64) * 128 * 4,
        FilePath = "model",
    })];

    public ModelDescription Description { get; } = new() { Format = "test" };

    public ModelPlan Plan => ModelPlanner.Plan(this, config with { Modality = Modality.Text }, new QuantizationRunOptions());

    public LadderResult Climb() => config.FallbackScope == FallbackScope.Layer
        ? new LayerLadder(this, Plan, Journal, NullLogger.Instance, TimeProvider.System).Climb(() => "out", CancellationToken.None)
        : new ModelLadder(this, Plan, Journal, NullLogger.Instance, TimeProvider.System).Climb(() => "out", CancellationToken.None);

    public AttemptResult Run(AttemptSpec spec, CancellationToken cancellationToken)
    {
        Specs.Add(spec);
        List<LayerOutcome> done = [];
        foreach (PlannedTensor tensor in Plan.Tensors)
        {
            if (spec.Widths[tensor.Index] is not { } width || spec.Only?.Contains(tensor.Index) == false) continue;
            LayerOutcome outcome = OutcomeOf(tensor, width, accuracyOf(tensor.Index, width));
            done.Add(outcome);
            if (spec.Observe is not null && !spec.Observe(outcome)) return new AttemptResult(done, [], true);
        }

        return new AttemptResult(done, [], false);
    }

    public void Read(TensorInfo tensor, long byteOffset, Span<byte> destination) => throw new InvalidOperationException("nothing is read");

    public void Dispose()
    {
    }

    private static LayerOutcome OutcomeOf(PlannedTensor tensor, int width, double accuracy)
    {
        var recipe = new LayerRecipe { IsCalibrated = false, Method = "base", Enhancement = "none", Tried = ["time_aware"], Failures = [] };
        var format = new QuantizedFormat { BitWidth = width, Layout = CodeLayout.Affine, Groups = new GroupLayout(128, 128) };
        return new LayerOutcome
        {
            Layer = tensor,
            Recipe = recipe,
            Format = format,
            Sums = default,
            Figures = new LayerFigures { Cosine = accuracy, Nmse = 0, Gain = 1, NormRatio = 1, MaxAbsError = 0, IsFinite = true },
            Outputs = null,
            Shifts = [],
            Accuracy = accuracy,
            SourceHash = default,
        };
    }
}
