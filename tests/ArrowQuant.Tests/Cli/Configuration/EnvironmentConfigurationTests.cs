using ArrowQuant.Cli.Configuration;
using ArrowQuant.Configuration;

namespace ArrowQuant.Tests.Cli.Configuration;

public sealed class EnvironmentConfigurationTests
{
    [Fact]
    public void NameOf_EverySetting_IsReadFromItsVariable() => Assert.All(ConfigurationSettings.All, setting =>
    {
        string name = "ARROW_QUANT_" + setting.Name.ToUpperInvariant();
        ConfigurationValue value = Assert.Single(Read(new() { [name] = "x" }, out List<string> errors));
        Assert.Empty(errors);
        Assert.Equal((setting, name), (value.Setting, value.Origin));
    });

    [Fact]
    public void Read_List_IsSeparatedByCommas()
    {
        ConfigurationValue value = Assert.Single(Read(new() { ["ARROW_QUANT_LAYER_BIT_WIDTHS"] = @"a{1\,2}=4, b=8" }, out _));
        Assert.Equal(["a{1,2}=4", "b=8"], value.Items);
    }

    [Fact]
    public void Read_UnknownName_NamesTheNearest()
    {
        Dictionary<string, string> environment = new()
        {
            ["ARROW_QUANT_GROUPSIZE"] = "64",
            ["ARROW_QUANT_KERNEL"] = "v256",
            ["OTHER"] = "1",
        };
        Assert.Empty(Read(environment, out List<string> errors));
        Assert.Equal(
            [
                "ARROW_QUANT_GROUPSIZE: unknown variable; the nearest valid name is ARROW_QUANT_GROUP_SIZE",
                "ARROW_QUANT_KERNEL: unknown variable; the nearest valid name is ARROW_QUANT_KERNELS",
            ],
            errors);
    }

    [Fact]
    public void Read_EmptyVariable_CountsAsNotSet()
    {
        Assert.Empty(Read(new() { ["ARROW_QUANT_BIT_WIDTH"] = "" }, out List<string> errors));
        Assert.Empty(errors);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("", null)]
    [InlineData("scalar", "scalar")]
    [InlineData("v128", "v128")]
    [InlineData("v256", "v256")]
    [InlineData("v512", "v512")]
    public void ReadKernels_KnownName_IsGiven(string? text, string? expected)
    {
        List<string> errors = [];
        Dictionary<string, string> environment = text is null ? [] : new() { ["ARROW_QUANT_KERNELS"] = text };
        Assert.Equal(expected, EnvironmentConfiguration.ReadKernels(environment, errors));
        Assert.Empty(errors);
    }

    [Theory]
    [InlineData("avx2")]
    [InlineData("V256")]
    public void ReadKernels_UnknownName_IsAnError(string name)
    {
        List<string> errors = [];
        Assert.Null(EnvironmentConfiguration.ReadKernels(new Dictionary<string, string> { ["ARROW_QUANT_KERNELS"] = name }, errors));
        Assert.StartsWith(
            $"ARROW_QUANT_KERNELS: {name} is not a kernel set; valid: scalar, v128, v256, v512",
            Assert.Single(errors),
            StringComparison.Ordinal);
    }

    private static IReadOnlyList<ConfigurationValue> Read(Dictionary<string, string> environment, out List<string> errors)
    {
        errors = [];
        return EnvironmentConfiguration.Read(environment, errors);
    }
}
