using System.Text;
using ArrowQuant.Configuration;
using ArrowQuant.Pipeline;
using ArrowQuant.Pipeline.Planning;
using ArrowQuant.Reporting;
using ArrowQuant.TestKit;

namespace ArrowQuant.Benchmarks.Fidelity;

/// <summary>
/// Quantizes the sample models with every method and width, runs them with decoded weights, and prints how far they are from the
/// originals, after a table of what methods and types of others leave of single tensors: <c>fidelity [--samples N] [--seeds N]
/// [--model NAME] [--bits 2,4,8] [--recipe strategy,best] [--sequential] [--tables] [--weights off] [--layout WORD] [--rotation WORD]
/// [--rotation-seed N] [--widths MAP] [--out FILE]</c>. With <c>--seeds</c> rotated rows are the mean over so many seeds, with the least
/// and the largest; with <c>--tables</c> lookup tables (embeddings) are quantized too, with <c>--sequential</c> models that can be run are
/// calibrated by running them as well, the others are the settings of these names (widths: layer_bit_widths).
/// </summary>
internal static class FidelityProgram
{
    private const string Embeddings = "embedding_table|class_embedding|wte|pos_embed";

    // Forty samples: rows of a layer are drawn from all of them, and ten tell too little of what others need.
    private const int Batches = 4;

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
        int seeds = Arguments.Number(args, "--seeds", 1);
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
        if (Arguments.Value(args, "--weights") != "off")
        {
            WeightTable.Write(Say);
            Say(string.Empty);
        }

        Say($"In the tables of models every layer{(tables ? "" : " but embeddings")} is quantized, group 128; artefacts are read back by "
            + $"an independent reader; {samples} samples of DDIM 20 steps. Rows of rotated recipes are the mean over {seeds} seeds of the "
            + $"rotation, with the least and the largest. Commit {Repository.Commit()}.");
        foreach (IModelTrial trial in Trials(samples).Where(trial => only is null || trial.Model == only))
            await Table(trial, new Choices(widths, recipes, tables, sequential, seeds, settings), Say);
        if (Arguments.Value(args, "--out") is { } file) await File.WriteAllTextAsync(file, text.ToString());
        return 0;
    }

    private sealed record Choices(
        int[] Widths, Recipe[] Recipes, bool Tables, bool Sequential, int Seeds, IReadOnlyList<(string Name, string Value)> Settings);

    private static async Task Table(IModelTrial trial, Choices choices, Action<string> say)
    {
        say(string.Empty);
        say($"## {trial.Model}");
        say(string.Empty);
        string names = string.Join(" | ", trial.Columns.Select(column => column.Name));
        say($"| weights | bits per weight | weight cosine | held-out output cosine | held-out output error | damage estimate | {names} |");
        say($"|---|---|---|---|---|---|{string.Concat(trial.Columns.Select(_ => "---|"))}");
        double[] original = trial.Judge(WeightFile.Read(RepositoryPaths.SampleFile(trial.Model, "model.safetensors")));
        say($"| original | | | | | | {string.Join(" | ", original.Select((value, i) => value.ToString(trial.Columns[i].Format)))} |");
        foreach (int bits in choices.Widths)
        {
            foreach (Recipe recipe in choices.Recipes)
            {
                DiffusionQuantConfig config = Configured(bits, recipe, choices);
                say(await Row(trial, config, "without data", new QuantizationRunOptions { NoCalibration = true }, choices.Seeds));
                say(await Row(trial, config, "calibrated", new QuantizationRunOptions(), choices.Seeds));
                if (choices.Sequential && recipe == Recipe.Best && trial.Runner is { } runner)
                    say(await Row(trial, config, "sequential", new QuantizationRunOptions { Runner = runner }, choices.Seeds));
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
        IModelTrial trial, DiffusionQuantConfig config, string data, QuantizationRunOptions options, int seeds)
    {
        string methods = "";
        List<double?[]> runs = [];
        for (int seed = 0; seed < (config.Recipe == Recipe.Best && config.BitWidth == 2 ? seeds : 1); seed++)
        {
            using var folder = new TempFolder();
            QuantizationResult result = await new DiffusionQuantizer().QuantizeAsync(
                RepositoryPaths.Sample(trial.Model), folder.PathOf("out"),
                config with { RotationSeed = config.RotationSeed + seed }, options);
            if (seed == 0) methods = Methods(result);
            double? error = result.Layers.All(l => l.OutputError is not null) ? result.Layers.Average(l => l.OutputError!.Value) : null;
            runs.Add([
                result.BitsPerWeight, result.WeightCosineSimilarity, result.OutputCosineSimilarity, error, result.DamageEstimate,
                .. trial.Judge(ArtefactDecoder.Decode(folder.PathOf("out"))).Select(value => (double?)value)]);
        }

        string[] formats = ["0.00", "0.0000", "0.0000", "0.0000", "0.000", .. trial.Columns.Select(column => column.Format)];
        return $"| INT{config.BitWidth}{(config.Recipe == Recipe.Strategy ? "" : " best")} {data} ({methods}) | "
            + $"{string.Join(" | ", formats.Select((format, i) => Cell([.. runs.Select(run => run[i])], format)))} |";
    }

    private static string Methods(QuantizationResult result) => string.Join(", ", result.Layers
        .GroupBy(l => $"{l.Method}{(l.Enhancement == "none" ? "" : "+" + l.Enhancement)} {l.Layout}"
            + $"{(l.WidthReason is null ? "" : " INT8")}")
        .OrderByDescending(g => g.Count()).Select(g => $"{g.Count()} {g.Key}"));

    // The mean over seeds, and the least and the largest where they are not written alike.
    private static string Cell(double?[] values, string format)
    {
        string mean = values.Average()?.ToString(format) ?? "";
        (string least, string largest) = (values.Min()?.ToString(format) ?? "", values.Max()?.ToString(format) ?? "");
        return least == largest ? mean : $"{mean} ({least}..{largest})";
    }

    private static IEnumerable<IModelTrial> Trials(int samples)
    {
        yield return new DitTrial(samples, Batches);
        yield return new LladaTrial();
        yield return new DiffWaveTrial(samples, Batches);
    }
}
