using System.Text;
using ArrowQuant.Calibration;
using ArrowQuant.Configuration;
using ArrowQuant.Pipeline;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Reporting;
using ArrowQuant.TestKit;

namespace ArrowQuant.Benchmarks;

/// <summary>
/// Quantizes the sample models with every method and width, runs them with decoded weights, and prints how far they are from the
/// originals: <c>fidelity [--samples N] [--model NAME] [--bits 2,4,8] [--recipe strategy,best] [--sequential] [--tables] [--layout WORD]
/// [--rotation WORD] [--rotation-seed N] [--widths MAP] [--out FILE]</c>; with <c>--tables</c> lookup tables (embeddings) are quantized
/// too, with <c>--sequential</c> models that can be run are calibrated by running them as well, the others are the settings of these
/// names (widths: layer_bit_widths).
/// </summary>
internal static class FidelityProgram
{
    private const string Embeddings = "embedding_table|class_embedding|wte|pos_embed";

    private static readonly (string Flag, string Name)[] Settings =
    [
        ("--layout", "layout"), ("--rotation", "rotation"), ("--rotation-seed", "rotation_seed"), ("--widths", "layer_bit_widths"),
    ];

    /// <summary>Runs the program.</summary>
    public static async Task<int> RunAsync(string[] args)
    {
        int samples = int.Parse(Arguments.Value(args, "--samples") ?? "200");
        string? only = Arguments.Value(args, "--model");
        int[] widths = [.. (Arguments.Value(args, "--bits") ?? "2,4,8").Split(',').Select(int.Parse)];
        bool tables = args.Contains("--tables");
        Recipe[] recipes =
            [.. (Arguments.Value(args, "--recipe") ?? "strategy,best").Split(',').Select(word => Enum.Parse<Recipe>(word, ignoreCase: true))];
        bool sequential = args.Contains("--sequential");
        (string, string)[] settings = [.. Settings.Where(setting => Arguments.Value(args, setting.Flag) is not null)
            .Select(setting => (setting.Name, Arguments.Value(args, setting.Flag)!))];
        var text = new StringBuilder();
        void Say(string line)
        {
            Console.WriteLine(line);
            text.Append(line).Append('\n');
        }

        Say("# Fidelity: what quantized models still do");
        Say(string.Empty);
        Say($"Every layer{(tables ? "" : " but embeddings")}, group 128, artefacts read back by an independent reader; "
            + $"{samples} samples of DDIM 20 steps. Commit {Repository.Commit()}.");
        foreach (IModelTrial trial in Trials(samples).Where(trial => only is null || trial.Model == only))
            await Table(trial, new Choices(widths, recipes, tables, sequential, settings), Say);
        if (Arguments.Value(args, "--out") is { } file) await File.WriteAllTextAsync(file, text.ToString());
        return 0;
    }

    private sealed record Choices(
        int[] Widths, Recipe[] Recipes, bool Tables, bool Sequential, IReadOnlyList<(string Name, string Value)> Settings);

    private static async Task Table(IModelTrial trial, Choices choices, Action<string> say)
    {
        say(string.Empty);
        say($"## {trial.Model}");
        say(string.Empty);
        say($"| weights | bits per weight | weight cosine | held-out output cosine | held-out output error | damage estimate | {trial.Columns} |");
        say($"|---|---|---|---|---|---|{string.Concat(trial.Columns.Split('|').Select(_ => "---|"))}");
        say($"| original | | | | | | {trial.Judge(WeightFile.Read(RepositoryPaths.SampleFile(trial.Model, "model.safetensors")))} |");
        foreach (int bits in choices.Widths)
        {
            foreach (Recipe recipe in choices.Recipes)
            {
                DiffusionQuantConfig config = Configured(bits, recipe, choices);
                say(await Row(trial, config, "without data", new QuantizationRunOptions { NoCalibration = true }));
                say(await Row(trial, config, "calibrated", new QuantizationRunOptions()));
                if (choices.Sequential && trial.Runner is { } runner)
                    say(await Row(trial, config, "sequential", new QuantizationRunOptions { Runner = runner }));
            }
        }
    }

    private static DiffusionQuantConfig Configured(int bits, Recipe recipe, Choices choices)
    {
        DiffusionQuantConfig config = new()
        {
            BitWidth = bits,
            Recipe = recipe,
            MinAccuracy = 0,
            SkipSensitiveLayers = false,
            ExcludeLayers = choices.Tables ? [] : [Embeddings],
        };
        foreach ((string name, string value) in choices.Settings)
        {
            if (!ConfigurationSettings.Find(name)!.TryApply(config, value, out config, out string? problem))
                throw new ArgumentException(problem);
        }

        return config;
    }

    private static async Task<string> Row(
        IModelTrial trial, DiffusionQuantConfig config, string data, QuantizationRunOptions options)
    {
        using var folder = new TempFolder();
        QuantizationResult result = await new DiffusionQuantizer().QuantizeAsync(
            RepositoryPaths.Sample(trial.Model), folder.PathOf("out"), config, options);
        string methods = string.Join(", ", result.Layers
            .GroupBy(l => $"{l.Method}{(l.Enhancement == "none" ? "" : "+" + l.Enhancement)} {l.Layout}"
                + $"{(l.WidthReason is null ? "" : " INT8")}")
            .OrderByDescending(g => g.Count()).Select(g => $"{g.Count()} {g.Key}"));
        double? error = result.Layers.All(l => l.OutputError is not null) ? result.Layers.Average(l => l.OutputError!.Value) : null;
        string figures = trial.Judge(ArtefactDecoder.Decode(folder.PathOf("out")));
        return $"| INT{config.BitWidth}{(config.Recipe == Recipe.Strategy ? "" : " best")} {data} ({methods}) | " +
            $"{result.BitsPerWeight:0.00} | {result.WeightCosineSimilarity:0.0000} | " +
            $"{result.OutputCosineSimilarity:0.0000} | {error:0.0000} | {result.DamageEstimate:0.000} | {figures} |";
    }

    private static IEnumerable<IModelTrial> Trials(int samples)
    {
        yield return new DitTrial(samples);
        yield return new LladaTrial();
        yield return new DiffWaveTrial(samples);
    }

    private static string Text(double[] errors) => string.Join(", ", errors.Select(error => error.ToString("0.0e+0")));

    private interface IModelTrial
    {
        string Model { get; }

        string Columns { get; }

        IModelRunner? Runner { get; }

        string Judge(IReadOnlyDictionary<string, (long[] Shape, float[] Values)> weights);
    }

    private sealed class DitTrial(int samples) : IModelTrial
    {
        private readonly DitJudge _judge = new(samples);
        private readonly NoiseErrors _noise = new("dit-digits");

        public string Model => "dit-digits";

        public IModelRunner? Runner { get; } = NoisePredictorRunner.Dit();

        public string Columns => $"class accuracy | Frechet distance | PSNR dB | eps relative error at t = {string.Join(", ", _noise.Timesteps)}";

        public string Judge(IReadOnlyDictionary<string, (long[] Shape, float[] Values)> weights)
        {
            SampleScore score = _judge.Judge(weights);
            return $"{score.Accuracy:0.000} | {score.Frechet:0.000} | {score.PsnrDecibels:0.0} | {Text(_noise.Of(new DitModel(weights)))}";
        }
    }

    private sealed class LladaTrial : IModelTrial
    {
        private static readonly int[] Ratios = [100, 500, 900];

        private readonly LladaJudge _judge = new();

        public string Model => "llada-kjv";

        public IModelRunner? Runner => null;

        public string Columns => "KL at 10 % masked | 50 % | 90 % | mean KL | NLL at 10 % masked | 50 % | 90 %";

        public string Judge(IReadOnlyDictionary<string, (long[] Shape, float[] Values)> weights)
        {
            MaskedTextScore[] scores = [.. Ratios.Select(ratio => _judge.Judge(weights, ratio))];
            return $"{string.Join(" | ", scores.Select(score => $"{score.KlDivergence:0.0000}"))} | "
                + $"{scores.Average(score => score.KlDivergence):0.0000} | {string.Join(" | ", scores.Select(score => $"{score.Nll:0.0000}"))}";
        }
    }

    private sealed class DiffWaveTrial(int samples) : IModelTrial
    {
        private readonly DiffWaveJudge _judge = new(samples);
        private readonly NoiseErrors _noise = new("diffwave-spoken-digits");

        public string Model => "diffwave-spoken-digits";

        public IModelRunner? Runner { get; } = NoisePredictorRunner.DiffWave();

        public string Columns => $"class accuracy | Frechet distance | eps relative error at t = {string.Join(", ", _noise.Timesteps)}";

        public string Judge(IReadOnlyDictionary<string, (long[] Shape, float[] Values)> weights)
        {
            SampleScore score = _judge.Judge(weights);
            return $"{score.Accuracy:0.000} | {score.Frechet:0.00} | {Text(_noise.Of(new DiffWaveModel(weights)))}";
        }
    }
}
