using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.TestKit;

public sealed class LladaModelTests
{
    private const double Tolerance = 1e-4; // absolute below 1, relative above
    private static readonly Dictionary<string, (long[] Shape, float[] Values)> Weights =
        WeightFile.Read(RepositoryPaths.SampleFile("llada-kjv", "model.safetensors"));
    private static readonly Dictionary<string, (long[] Shape, float[] Values)> Reference =
        WeightFile.Read(RepositoryPaths.SampleFile("llada-kjv", "reference.safetensors"));

    [Theory]
    [InlineData(100)]
    [InlineData(500)]
    [InlineData(1000)]
    public void Logits_StoredInputs_MatchStoredLogits(int ratio)
    {
        int[] ids = [.. Reference[$"logits.input.{ratio}"].Values.Select(id => (int)id)];
        Close.Equal(Reference[$"logits.output.{ratio}"].Values, new LladaModel(Weights).Logits(ids, 128), Tolerance,
            $"logits.output.{ratio}");
    }

    [Fact]
    public void Logits_Observed_MatchEveryStoredIntermediate()
    {
        Dictionary<string, float[]> seen = [];
        LladaModel model = new(Weights) { Observe = seen.Add };
        model.Logits([.. Reference["debug.input"].Values.Select(id => (int)id)], 128);
        seen["block0.q_rope"] = HeadsFirst(seen["block0.q_rope"]);
        string[] names = [.. Reference.Keys.Where(name => name.StartsWith("debug.", StringComparison.Ordinal) && name != "debug.input")];
        Assert.Equal(8, names.Length);
        foreach (string name in names) Close.Equal(Reference[name].Values, seen[name["debug.".Length..]], Tolerance, name);
    }

    [Fact]
    public void Logits_IncompleteSequence_IsRefused()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => new LladaModel(Weights).Logits(new int[100], 128));
        Assert.Contains("100 ids", error.Message, StringComparison.Ordinal);
    }

    // [tokens, heads, 32] to the stored [heads, tokens, 32]
    private static float[] HeadsFirst(float[] values)
    {
        float[] result = new float[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            (int token, int head, int m) = (i / 192, i % 192 / 32, i % 32);
            result[(((head * 128) + token) * 32) + m] = values[i];
        }

        return result;
    }
}
