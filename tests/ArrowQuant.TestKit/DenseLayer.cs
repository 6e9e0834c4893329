using System.Runtime.Intrinsics;

namespace ArrowQuant.TestKit;

/// <summary>
/// <c>y = x Wᵀ + b</c> with weights [outputs, inputs]. Fast enough to sample whole models in tests: weights are packed once in panels of 32
/// outputs, and four rows of x share every load of a panel. Each output adds its products in the order of the inputs, so the result of a
/// row depends neither on the other rows nor on threads.
/// </summary>
public sealed unsafe class DenseLayer
{
    private const int Lanes = 16;
    private const int PanelWidth = 2 * Lanes;
    private const int RowsAtOnce = 4;

    private readonly float[] _packed; // [panels, inputs, 32], zeros beyond the last output
    private readonly float[] _bias;   // [panels * 32]

    /// <summary>Packs the weights.</summary>
    /// <exception cref="ArgumentException">The weights are not outputs * inputs values, or the bias not outputs values.</exception>
    public DenseLayer(ReadOnlySpan<float> weights, ReadOnlySpan<float> bias, int outputs, int inputs)
    {
        if (weights.Length != outputs * inputs)
            throw new ArgumentException($"{weights.Length} weights for [{outputs}, {inputs}]", nameof(weights));
        if (!bias.IsEmpty && bias.Length != outputs)
            throw new ArgumentException($"{bias.Length} biases for {outputs} outputs", nameof(bias));
        (Outputs, Inputs) = (outputs, inputs);
        int panels = (outputs + PanelWidth - 1) / PanelWidth;
        _packed = new float[panels * inputs * PanelWidth];
        _bias = new float[panels * PanelWidth];
        bias.CopyTo(_bias);
        for (int o = 0; o < outputs; o++)
        {
            int start = (o / PanelWidth * inputs * PanelWidth) + (o % PanelWidth);
            for (int i = 0; i < inputs; i++) _packed[start + (i * PanelWidth)] = weights[(o * inputs) + i];
        }
    }

    /// <summary>Told of the inputs of every call before it; null for nobody.</summary>
    public LayerTap? Tap { get; init; }

    /// <summary>The name that the tap is told.</summary>
    public string Name { get; init; } = "";

    /// <summary>Values in a row of y.</summary>
    public int Outputs { get; }

    /// <summary>Values in a row of x.</summary>
    public int Inputs { get; }

    /// <summary>
    /// The layer <paramref name="name"/> of a model: <c>name.weight</c>, all dimensions after the first flattened, and <c>name.bias</c>
    /// if there is one. The tap is told <c>name.weight</c>.
    /// </summary>
    /// <exception cref="KeyNotFoundException">The model has no such weight.</exception>
    public static DenseLayer From(IReadOnlyDictionary<string, (long[] Shape, float[] Values)> weights, string name, LayerTap? tap = null)
    {
        (long[] shape, float[] values) = weights[name + ".weight"];
        float[] bias = weights.TryGetValue(name + ".bias", out (long[] Shape, float[] Values) found) ? found.Values : [];
        return new DenseLayer(values, bias, (int)shape[0], values.Length / (int)shape[0]) { Name = name + ".weight", Tap = tap };
    }

    /// <summary>Computes <paramref name="rows"/> rows: x is [rows, inputs], y is [rows, outputs]; they must not overlap.</summary>
    /// <exception cref="ArgumentException">A span is too short.</exception>
    public void Apply(ReadOnlySpan<float> x, Span<float> y, int rows)
    {
        if (x.Length < rows * Inputs || y.Length < rows * Outputs)
            throw new ArgumentException($"{rows} rows do not fit in the spans given");
        Tap?.Invoke(Name, x[..(rows * Inputs)], Inputs);
        float* partial = stackalloc float[RowsAtOnce * PanelWidth];
        fixed (float* input = x, output = y, packed = _packed, bias = _bias)
        {
            for (int first = 0; first < Outputs; first += PanelWidth)
            {
                float* panel = packed + ((long)first * Inputs);
                int width = Math.Min(PanelWidth, Outputs - first);
                for (int row = 0; row < rows; row += RowsAtOnce)
                {
                    int count = Math.Min(RowsAtOnce, rows - row);
                    float* source = input + ((long)row * Inputs);
                    float* target = output + ((long)row * Outputs) + first;
                    if (width == PanelWidth && count == RowsAtOnce)
                    {
                        FourRows(source, panel, bias + first, target, Outputs);
                        continue;
                    }

                    if (count == RowsAtOnce) FourRows(source, panel, bias + first, partial, PanelWidth);
                    for (int r = 0; r < count; r++)
                    {
                        float* sums = partial + (r * PanelWidth);
                        if (count < RowsAtOnce) OneRow(source + ((long)r * Inputs), panel, bias + first, sums);
                        new ReadOnlySpan<float>(sums, width).CopyTo(new Span<float>(target + ((long)r * Outputs), width));
                    }
                }
            }
        }
    }

    private void FourRows(float* x, float* panel, float* bias, float* y, int stride)
    {
        float* x1 = x + Inputs;
        float* x2 = x1 + Inputs;
        float* x3 = x2 + Inputs;
        Vector512<float> a0 = Vector512.Load(bias), b0 = Vector512.Load(bias + Lanes);
        Vector512<float> a1 = a0, b1 = b0, a2 = a0, b2 = b0, a3 = a0, b3 = b0;
        for (int i = 0; i < Inputs; i++, panel += PanelWidth)
        {
            Vector512<float> low = Vector512.Load(panel), high = Vector512.Load(panel + Lanes);
            Vector512<float> value = Vector512.Create(x[i]);
            a0 = Vector512.MultiplyAddEstimate(value, low, a0);
            b0 = Vector512.MultiplyAddEstimate(value, high, b0);
            value = Vector512.Create(x1[i]);
            a1 = Vector512.MultiplyAddEstimate(value, low, a1);
            b1 = Vector512.MultiplyAddEstimate(value, high, b1);
            value = Vector512.Create(x2[i]);
            a2 = Vector512.MultiplyAddEstimate(value, low, a2);
            b2 = Vector512.MultiplyAddEstimate(value, high, b2);
            value = Vector512.Create(x3[i]);
            a3 = Vector512.MultiplyAddEstimate(value, low, a3);
            b3 = Vector512.MultiplyAddEstimate(value, high, b3);
        }

        a0.Store(y);
        b0.Store(y + Lanes);
        a1.Store(y + stride);
        b1.Store(y + stride + Lanes);
        a2.Store(y + (2 * stride));
        b2.Store(y + (2 * stride) + Lanes);
        a3.Store(y + (3 * stride));
        b3.Store(y + (3 * stride) + Lanes);
    }

    private void OneRow(float* x, float* panel, float* bias, float* y)
    {
        Vector512<float> a = Vector512.Load(bias), b = Vector512.Load(bias + Lanes);
        for (int i = 0; i < Inputs; i++, panel += PanelWidth)
        {
            Vector512<float> value = Vector512.Create(x[i]);
            a = Vector512.MultiplyAddEstimate(value, Vector512.Load(panel), a);
            b = Vector512.MultiplyAddEstimate(value, Vector512.Load(panel + Lanes), b);
        }

        a.Store(y);
        b.Store(y + Lanes);
    }
}
