namespace ArrowQuant.Tests.Architecture;

public sealed class RoomsTests
{
    [Theory]
    [InlineData("ArrowQuant.Kernels", "using ArrowQuant.Tensors;", "Kernels uses Tensors")]
    [InlineData("ArrowQuant.Configuration", "using ArrowQuant.Storage;", "Configuration uses Storage")]
    [InlineData("ArrowQuant.Sources.Parquet", "using ArrowQuant.Calibration;", "Sources uses Calibration")]
    [InlineData("ArrowQuant.Methods", "using static ArrowQuant.Pipeline.GateRules;", "Methods uses Pipeline")]
    [InlineData("ArrowQuant.Tensors", "using Kinds = ArrowQuant.Methods.MethodNames;", "Tensors uses Methods")]
    [InlineData("ArrowQuant.Quality", "object o = new global::ArrowQuant.Reporting.Type();", "Quality uses Reporting")]
    [InlineData("ArrowQuant.Storage", "object o = new Reporting.Type();", "Storage uses Reporting")]
    [InlineData("ArrowQuant.Pipeline", "using ArrowQuant.Cli.Rendering;", "Pipeline uses Cli.Rendering")]
    [InlineData("ArrowQuant.Cli.Configuration", "using ArrowQuant.Cli.Commands;", "Cli.Configuration uses Cli.Commands")]
    [InlineData("ArrowQuant.Pipeline", "using ArrowQuant.Attic;", "Attic is not a room")]
    [InlineData("ArrowQuant.Attic", "", "ArrowQuant.Attic is not a room")]
    public void UpwardArrows_RoomAbove_IsFound(string own, string line, string expected)
    {
        string problem = Assert.Single(Find(own, line));
        Assert.StartsWith("src/File.cs: ", problem, StringComparison.Ordinal);
        Assert.Contains(expected, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ArrowQuant.Pipeline", "using ArrowQuant.Kernels.Lanes;")]
    [InlineData("ArrowQuant.Sources", "using ArrowQuant.Sources.Parquet;")]
    [InlineData("ArrowQuant.Cli.Commands", "using ArrowQuant.Cli.Rendering;")]
    [InlineData("ArrowQuant.Kernels", "// like ArrowQuant.Pipeline does")]
    [InlineData("ArrowQuant.Kernels", "/// <see cref=\"ArrowQuant.Pipeline.Type\"/>")]
    [InlineData("ArrowQuant.Kernels", "int n = Pipeline.Count;")]
    public void UpwardArrows_RoomBelowOrNoRoom_IsNotFound(string own, string line) => Assert.Empty(Find(own, line));

    private static IEnumerable<string> Find(string own, string line) =>
        Rooms.UpwardArrows("src/File.cs", $"{line}\nnamespace {own};\n{line}\n", name => name.EndsWith(".Type", StringComparison.Ordinal));
}
