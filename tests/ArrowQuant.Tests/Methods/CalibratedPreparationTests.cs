using ArrowQuant.Methods;
using ArrowQuant.Tests.Support;

namespace ArrowQuant.Tests.Methods;

public sealed class CalibratedPreparationTests
{
    [Theory]
    [InlineData("gptq", "spatial", "method", "gptq")]
    [InlineData("r2q", "time_aware", "enhancement", "time_aware")]
    public void Prepare_InputsOfZeros_FallsBackToBaseAndSaysWhy(string method, string enhancement, string kind, string from)
    {
        LayerFixture layer = new(new SeededNumbers(1).Gaussian(8 * 64, 0.02), Inputs.Pooled(new float[40 * 64], 64))
        {
            BitWidth = 2,
            Strategy = new Strategy(method, enhancement),
        };
        using PreparedLayer prepared = layer.Prepare();
        Assert.Equal("base", prepared.Recipe.Method);
        MethodFailure failure = Assert.Single(prepared.Recipe.Failures);
        Assert.Equal((kind, from, "base", "hessian_not_positive_definite"), (failure.Kind, failure.From, failure.To, failure.Cause));
        Assert.Equal("the Hessian of layer layer.weight is not positive definite after damping", failure.Message);
        Assert.Null(prepared.Hessian);
        Assert.Null(prepared.TimeAwareJson);
    }

    [Theory]
    [InlineData("gptq", "spatial", 2, 0.65)]
    [InlineData("gptq", "none", 4, 0.75)]
    [InlineData("r2q", "time_aware", 2, 0.65)]
    [InlineData("r2q", "time_aware", 4, 0.75)]
    public void Prepare_CorrelatedInputs_HalvesTheHeldOutErrorOfBase(string method, string enhancement, int bits, double share)
    {
        float[] weights = new SeededNumbers(2).Gaussian(40 * 128, 0.02);
        ActivationSamples inputs = Inputs.Pooled(Inputs.Correlated(900, 128, 4, 3), 128);
        LayerFixture layer = new(weights, inputs) { BitWidth = bits, Strategy = new Strategy(method, enhancement) };
        using PreparedLayer prepared = layer.Prepare();
        Assert.Equal((method, enhancement), (prepared.Recipe.Method, prepared.Recipe.Enhancement));
        Assert.Empty(prepared.Recipe.Failures);
        Assert.Equal(enhancement == "time_aware", prepared.TimeAwareJson is not null);
        Assert.NotNull(prepared.ActivationStatsJson);
        double ours = layer.FiguresOf(layer.Quantize(prepared).Decoded, layer.HeldOut).RelativeError;
        LayerRequest request = layer.Request();
        PreparedLayer byWeights = LayerPreparation.PrepareByWeights(
            request, request.Recipe.WithoutCalibration("", ""), null, request.ReadSample);
        double rounded = layer.FiguresOf(layer.Quantize(byWeights).Decoded, layer.HeldOut).RelativeError;
        TestContext.Current.TestOutputHelper?.WriteLine($"{method}+{enhancement} INT{bits}: {ours} of {rounded}");
        Assert.True(ours <= share * rounded, $"{ours}, base {rounded}");
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Prepare_R2QWithoutTimeAware_WeighsColumnsByTheirInputsAndPassesNothingOn(int bits)
    {
        // One channel in eight is twenty times as loud.
        float[] rows = new SeededNumbers(4).Gaussian(400 * 128, 1);
        for (int i = 0; i < rows.Length; i += 8) rows[i] *= 20;
        LayerFixture layer = new(new SeededNumbers(5).Gaussian(40 * 128, 0.02), Inputs.Pooled(rows, 128))
        {
            BitWidth = bits,
            Strategy = new Strategy(MethodNames.R2Q, MethodNames.None),
        };
        using PreparedLayer prepared = layer.Prepare();
        Assert.Equal(("r2q", "none"), (prepared.Recipe.Method, prepared.Recipe.Enhancement));
        Assert.Null(prepared.Hessian);
        Assert.Null(prepared.TimeAwareJson);
        Assert.InRange(prepared.ColumnWeights[0] / prepared.ColumnWeights[1], 250, 600);
        double ours = layer.FiguresOf(layer.Quantize(prepared).Decoded, layer.HeldOut).RelativeError;
        LayerRequest request = layer.Request();
        PreparedLayer byWeights = LayerPreparation.PrepareByWeights(request, request.Recipe, null, request.ReadSample);
        double unweighed = layer.FiguresOf(layer.Quantize(byWeights).Decoded, layer.HeldOut).RelativeError;
        TestContext.Current.TestOutputHelper?.WriteLine($"INT{bits}: {ours} of {unweighed}");
        Assert.True(ours <= 0.75 * unweighed, $"{ours}, by weights {unweighed}");
    }
}
