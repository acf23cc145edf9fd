using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Tests;

/// <summary>Values that anyone can choose do no harm in a spreadsheet or on a terminal.</summary>
public sealed class CsvTextSpecs
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("say \"hi\"", "\"say \"\"hi\"\"\"")]
    [InlineData("two\nlines", "\"two\nlines\"")]
    [InlineData("-5", "-5")]
    [InlineData("+1.5e3", "+1.5e3")]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("-1+cmd", "'-1+cmd")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("\uFF1D1+1", "'\uFF1D1+1")]
    [InlineData("\n=1+1", "\"'\n=1+1\"")]
    [InlineData("\t=1+1", "\"'\t=1+1\"")]
    [InlineData("a;=1+1", "\"a;=1+1\"")]
    [InlineData("a\t=1+1", "\"a\t=1+1\"")]
    [InlineData("\u001b[2J", "\\u001b[2J")]
    [InlineData("\u009b2J\0", "\\u009b2J\\u0000")]
    public void Should_quote_a_value_so_that_nothing_runs_it(string value, string field) => Assert.Equal(field, CsvText.Field(value));

    [Fact]
    public void Should_keep_one_field_for_each_value() => Assert.Equal("a,\"b,c\",", CsvText.Row(["a", "b,c", ""]));
}
