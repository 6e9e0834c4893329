using System.Text.Json;
using ArrowQuant.TestKit;

namespace ArrowQuant.Tests.TestKit;

public sealed class JudgeTests(ITestOutputHelper output)
{
    [Fact]
    public void DitJudge_Float32_IsGoodOnTwentySamples()
    {
        DitJudge judge = new(samples: 20);
        SampleScore score = judge.Judge(Model("dit-digits"));
        Assert.True(score.Accuracy >= 0.9, $"{score}");
        Assert.True(score.PsnrDecibels > 80, $"{score}");
    }

    [Fact]
    public void DitJudge_HeldOutDigits_GetsTheStatedFigures()
    {
        Dictionary<string, (long[] Shape, float[] Values)> digits =
            WeightFile.Read(RepositoryPaths.SampleFile("dit-digits", "eval/heldout_digits.safetensors"));
        (double accuracy, double frechet) = new DitJudge(2).Classify(digits["images"].Values, Labels(digits["labels"].Values));
        Assert.Equal(0.99326, accuracy, 4);
        Assert.Equal(0.48793, frechet, 3);
    }

    [Fact]
    public void DitJudge_WrongLabels_LowersTheAccuracy()
    {
        Dictionary<string, (long[] Shape, float[] Values)> digits =
            WeightFile.Read(RepositoryPaths.SampleFile("dit-digits", "eval/heldout_digits.safetensors"));
        int[] wrong = [.. Labels(digits["labels"].Values).Select(label => (label + 1) % 10)];
        Assert.True(new DitJudge(2).Classify(digits["images"].Values, wrong).Accuracy < 0.02);
    }

    [Fact]
    public void DiffWaveJudge_HeldOutClips_GetsTheStatedFigures()
    {
        Dictionary<string, (long[] Shape, float[] Values)> clips =
            WeightFile.Read(RepositoryPaths.SampleFile("diffwave-spoken-digits", "eval/heldout.safetensors"));
        (double accuracy, double frechet) =
            new DiffWaveJudge(2).Classify(SampleClamp(clips["mels"].Values), Labels(clips["labels"].Values));
        output.WriteLine($"{accuracy} {frechet}");
        Assert.Equal(1.0, accuracy);
        Assert.Equal(0.71694, frechet, 2); // the clips are stored as F16
    }

    [Theory]
    [InlineData(100, 0.607)]
    [InlineData(500, 1.387, Traits = ["Category", "Slow"])]
    [InlineData(900, 2.684, Traits = ["Category", "Slow"])]
    public void LladaJudge_Float32_GetsTheStatedLoss(int ratio, double expected)
    {
        double nll = new LladaJudge().MaskedNll(Model("llada-kjv"), ratio);
        output.WriteLine($"{nll}");
        Assert.Equal(expected, nll, 0.0006);
    }

    [Fact, Trait("Category", "Slow")]
    public void LladaJudge_AllWindows_GetsTheLossOfTheMetricsFile() =>
        Assert.Equal(0.61100, new LladaJudge(96).MaskedNll(Model("llada-kjv"), 100), 4);

    [Theory]
    [InlineData(100, 0.825)]
    [InlineData(500, 1.601, Traits = ["Category", "Slow"])]
    [InlineData(900, 2.845, Traits = ["Category", "Slow"])]
    public void LladaJudge_MinMaxTwoBits_GetsTheStatedLoss(int ratio, double expected)
    {
        double nll = new LladaJudge().MaskedNll(MinMaxRounding.Apply(Model("llada-kjv"), Layers("llada-kjv"), 2), ratio);
        output.WriteLine($"{nll}");
        Assert.Equal(expected, nll, 0.005);
    }

    [Fact]
    public void LladaJudge_Float32_DoesNotDivergeFromItself()
    {
        MaskedTextScore score = new LladaJudge(4).Judge(Model("llada-kjv"), 500);
        Assert.Equal(0, score.KlDivergence);
        Assert.Equal(new LladaJudge(4).MaskedNll(Model("llada-kjv"), 500), score.Nll);
    }

    [Fact]
    public void LladaJudge_HalvedLogits_DivergesByTheSumThatIsWrittenOut()
    {
        // With the last layer halved every logit is half of what it was: the divergence follows from the logits of the original alone.
        Dictionary<string, (long[] Shape, float[] Values)> halved = Model("llada-kjv");
        (long[] shape, float[] values) = halved["model.transformer.ff_out.weight"];
        halved["model.transformer.ff_out.weight"] = (shape, [.. values.Select(value => value / 2)]);
        MaskedTextScore score = new LladaJudge(4).Judge(halved, 900);
        output.WriteLine($"{score}");
        Assert.Equal(HalvedDivergence(windows: 4, "mask.900"), score.KlDivergence, 1e-5);
    }

    [Theory]
    [InlineData(2, 0.2, 0.05)]
    [InlineData(4, 0.0075, 0.0015)]
    public void LladaJudge_MinMax_DivergesAsStated(int bits, double expected, double tolerance)
    {
        var judge = new LladaJudge();
        Dictionary<string, (long[] Shape, float[] Values)> rounded = MinMaxRounding.Apply(Model("llada-kjv"), Layers("llada-kjv"), bits);
        double[] divergences = [.. new[] { 100, 500, 900 }.Select(ratio => judge.Judge(rounded, ratio).KlDivergence)];
        output.WriteLine(string.Join(" ", divergences));
        Assert.Equal(expected, divergences.Average(), tolerance);
    }

    [Fact, Trait("Category", "Slow")]
    public void DitJudge_Float32_GetsTheStatedFigures()
    {
        SampleScore score = new DitJudge().Judge(Model("dit-digits"));
        output.WriteLine($"{score}");
        Assert.Equal(0.970, score.Accuracy, 0.0051);
        Assert.Equal(0.316, score.Frechet, 0.002);
        Assert.True(score.PsnrDecibels > 80, $"{score}");
    }

    [Fact, Trait("Category", "Slow")]
    public void DitJudge_MinMaxTwoBits_GetsTheStatedDamage()
    {
        SampleScore score = new DitJudge().Judge(MinMaxRounding.Apply(Model("dit-digits"), Layers("dit-digits"), 2));
        output.WriteLine($"{score}");
        Assert.Equal(0.705, score.Accuracy, 0.03);
        Assert.Equal(4.90, score.Frechet, 0.3);
        Assert.Equal(13.3, score.PsnrDecibels, 0.2);
    }

    [Fact, Trait("Category", "Slow")]
    public void DiffWaveJudge_Float32_GetsTheStatedFigures()
    {
        SampleScore score = new DiffWaveJudge().Judge(Model("diffwave-spoken-digits"));
        output.WriteLine($"{score}");
        Assert.True(score.Accuracy >= 0.98, $"{score}");
        Assert.InRange(score.Frechet, 3.5, 6.5);
        Assert.True(score.PsnrDecibels > 80, $"{score}");
    }

    [Fact, Trait("Category", "Slow")]
    public void DiffWaveJudge_MinMaxFourBits_IsBadlyDamaged()
    {
        SampleScore score =
            new DiffWaveJudge().Judge(MinMaxRounding.Apply(Model("diffwave-spoken-digits"), Layers("diffwave-spoken-digits"), 4));
        output.WriteLine($"{score}");
        Assert.InRange(score.Accuracy, 0.3, 0.6);
        Assert.InRange(score.Frechet, 100, 220);
    }

    private static double HalvedDivergence(int windows, string masks)
    {
        Dictionary<string, (long[] Shape, float[] Values)> text =
            WeightFile.Read(RepositoryPaths.SampleFile("llada-kjv", "eval/heldout_text.safetensors"));
        bool[] mask = [.. text[masks].Values.Take(windows * 128).Select(value => value != 0)];
        int[] ids = [.. text["ids"].Values.Take(mask.Length).Select((id, i) => mask[i] ? LladaModel.Mask : (int)id)];
        float[][] logits = [.. new LladaModel(Model("llada-kjv")).Logits(ids, 128).Chunk(LladaModel.Vocabulary)];
        return logits.Where((_, i) => mask[i]).Average(row =>
        {
            double full = row.Sum(value => Math.Exp(value));
            double half = row.Sum(value => Math.Exp(value / 2));
            return row.Sum(value => Math.Exp(value) / full * Math.Log(Math.Exp(value) / full / (Math.Exp(value / 2) / half)));
        });
    }

    private static Dictionary<string, (long[] Shape, float[] Values)> Model(string name) =>
        WeightFile.Read(RepositoryPaths.SampleFile(name, "model.safetensors"));

    private static int[] Labels(float[] values) => [.. values.Select(label => (int)label)];

    private static float[] SampleClamp(float[] values) => [.. values.Select(value => Math.Clamp(value, -1f, 1f))];

    private static List<string> Layers(string name)
    {
        using JsonDocument metadata = JsonDocument.Parse(File.ReadAllBytes(RepositoryPaths.SampleFile(name, "metadata.json")));
        return [.. metadata.RootElement.GetProperty("quantizable_layers").EnumerateArray().Select(layer => layer.GetString()!)];
    }
}
