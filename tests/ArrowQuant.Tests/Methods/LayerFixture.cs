using ArrowQuant.Calibration;
using ArrowQuant.Configuration;
using ArrowQuant.Kernels;
using ArrowQuant.Methods;
using ArrowQuant.Quality;
using ArrowQuant.Tensors;

namespace ArrowQuant.Tests.Methods;

/// <summary>One layer with its inputs, ready to be prepared.</summary>
internal sealed class LayerFixture(float[] weights, ActivationSamples inputs)
{
    public DiffusionQuantConfig Config { get; init; } = new();

    public int BitWidth { get; init; } = 4;

    public int? Channels { get; init; }

    public bool HasBias { get; init; }

    public Strategy Strategy { get; init; } = new(MethodNames.Gptq, MethodNames.Spatial);

    public HessianCache Hessians { get; init; } = new();

    public int LoadedCalibrations { get; private set; }

    public float[] Weights => weights;

    public ActivationSamples Fit => Part(heldOut: false);

    public ActivationSamples HeldOut => Part(heldOut: true);

    public PreparedLayer Prepare() => LayerPreparation.Prepare(Request());

    public LayerRequest Request() => new()
    {
        Name = "layer.weight",
        Kernels = KernelSet.Create(null),
        Config = Config,
        BitWidth = BitWidth,
        View = new MatrixView(weights.Length / inputs.Features, inputs.Features, 0),
        Channels = Channels ?? inputs.Features,
        HasBias = HasBias,
        RowsTellInputs = true,
        Recipe = LayerRecipe.Resolve(Strategy, null),
        Calibration = Load,
        ReadSample = consume => consume(weights),
        Hessians = Hessians,
        Budget = new MemoryBudget(1L << 30),
        Threads = 1,
    };

    /// <summary>Quantizes all rows, as a reader decodes them.</summary>
    public (float[] Decoded, RowMeasures Measures, QuantizedBlock Block) Quantize(PreparedLayer prepared)
    {
        int rows = weights.Length / inputs.Features;
        KernelSet kernels = KernelSet.Create(null);
        var block = new QuantizedBlock(prepared.Format, 0, rows);
        RowMeasures measures = prepared.NewQuantizer(kernels).Quantize(weights, block, 0);
        float[] decoded = new float[weights.Length];
        BlockDecoder.Decode(kernels, block, 0, rows, decoded);
        return (decoded, measures, block);
    }

    /// <summary>Output figures of decoded weights on some inputs, without a bias.</summary>
    public OutputFigures FiguresOf(float[] decoded, ActivationSamples on)
    {
        var meter = new OutputMeter(KernelSet.Create(null), on);
        OutputSums[] sums = new OutputSums[on.GroupCount];
        meter.Add(meter.OutputsOf(weights), meter.OutputsOf(decoded), [], sums);
        return OutputFigures.From(sums, default)!;
    }

    private LayerCalibration Load()
    {
        LoadedCalibrations++;
        return new LayerCalibration(null)
        {
            Features = inputs.Features,
            Fit = Fit.Rows,
            FitGroup = Fit.Groups,
            HeldOut = HeldOut.Rows,
            HeldOutGroup = HeldOut.Groups,
            Groups = [.. Enumerable.Range(0, inputs.GroupCount).Select(k => new TimeGroup(k, k + 1, 1, -1, 1, 1f / 128, 128, 0, 1))],
        }.Hashed();
    }

    private ActivationSamples Part(bool heldOut)
    {
        int[] taken = [.. Enumerable.Range(0, inputs.Count).Where(i => i % 4 == 3 == heldOut)];
        return ActivationSamples.Pooled(
            [.. taken.SelectMany(i => inputs.Rows[(i * inputs.Features)..((i + 1) * inputs.Features)])],
            inputs.Features,
            [.. taken.Select(i => inputs.Groups[i])],
            inputs.GroupCount);
    }
}
