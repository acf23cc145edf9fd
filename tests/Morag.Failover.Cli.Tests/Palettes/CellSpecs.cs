using System.Text.Json;
using Morag.Failover.Cli.Palettes;
using Morag.Failover.Contracts.Palettes;

namespace Morag.Failover.Cli.Tests.Palettes;

/// <summary>Numbers in the cells of a table.</summary>
public sealed class CellSpecs
{
    [Theory]
    [InlineData("-0.001", ColumnFormat.TwoDecimals, "0")]
    [InlineData("-0.0001", ColumnFormat.Percent, "0%")]
    [InlineData("-0.25", ColumnFormat.TwoDecimals, "-0.25")]
    [InlineData("0.004", ColumnFormat.TwoDecimals, "0")]
    public void Should_print_no_negative_zero(string number, ColumnFormat format, string printed) =>
        Assert.Equal(printed, Cell.Text(JsonDocument.Parse(number).RootElement, format));
}
