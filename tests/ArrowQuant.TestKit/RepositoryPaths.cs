namespace ArrowQuant.TestKit;

/// <summary>Where the repository keeps sample models and test data. Everything asked for must exist.</summary>
public static class RepositoryPaths
{
    private const string Marker = "ArrowQuant.slnx";

    /// <summary>The names of the sample models under samples/models.</summary>
    public static IReadOnlyList<string> SampleNames { get; } = ["dit-digits", "llada-kjv", "diffwave-spoken-digits"];

    /// <summary>The names of the public checkpoints under tests/data/weights.</summary>
    public static IReadOnlyList<string> WeightNames { get; } =
        ["aesthetic-mlp", "ddpm-mnist-unet", "retsim-text-encoder", "sd15-lora-analog-r4", "silero-vad-16k", "taef2-vae"];

    /// <summary>The folder that holds the solution file, found upwards from the test assembly.</summary>
    public static string Root { get; } = FindRoot(AppContext.BaseDirectory);

    /// <summary>The folder of a sample model.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such sample.</exception>
    public static string Sample(string name) => ExistingFolder(Path.Combine(Root, "samples", "models", name));

    /// <summary>A file of a sample model, such as <c>eval/classifier.safetensors</c>.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such sample.</exception>
    /// <exception cref="FileNotFoundException">The sample has no such file.</exception>
    public static string SampleFile(string name, string file) => ExistingFile(Path.Combine(Sample(name), file));

    /// <summary>The folder of a public checkpoint.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such checkpoint.</exception>
    public static string Weights(string name) => ExistingFolder(Path.Combine(Root, "tests", "data", "weights", name));

    /// <summary>Walks up from <paramref name="start"/> to the folder that holds the solution file.</summary>
    /// <exception cref="DirectoryNotFoundException">No folder above has it.</exception>
    public static string FindRoot(string start)
    {
        for (DirectoryInfo? folder = new(start); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, Marker))) return folder.FullName;
        }

        throw new DirectoryNotFoundException($"no {Marker} in or above {start}: tests must run from a build inside the repository");
    }

    private static string ExistingFolder(string path) =>
        Directory.Exists(path) ? path : throw new DirectoryNotFoundException($"{path} is missing from the repository");

    private static string ExistingFile(string path) =>
        File.Exists(path) ? path : throw new FileNotFoundException($"{path} is missing from the repository", path);
}
