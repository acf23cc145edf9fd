using Morag.Failover.Cli.Agents.Processes;

namespace Morag.Failover.Cli.Tests.Agents;

public sealed class ProgressLineSpecs
{
    [Theory]
    [InlineData("40", 40.0, null, null)]
    [InlineData(" 0.5 ", 0.5, null, null)]
    [InlineData("""{"percent":100}""", 100.0, null, null)]
    [InlineData("""{"message":"page 3","a_later_version":1}""", null, "page 3", null)]
    [InlineData("""{"percent":1,"message":"m","checkpoint":{"page": [3, null]}}""", 1.0, "m", """{"page":[3,null]}""")]
    [InlineData("""{"percent":null,"message":null,"checkpoint":"text"}""", null, null, "\"text\"")]
    public void Should_read_what_a_line_says(string line, double? percent, string? message, string? checkpoint)
    {
        var read = ProgressLine.Parse(line);

        Assert.Null(read.Problem);
        Assert.Equal((percent, message, checkpoint), (read.Update!.Percent, read.Update.Message, read.Update.Checkpoint?.Raw));
    }

    [Theory]
    [InlineData("nearly done", "a line must be a number of 0 to 100, or")]
    [InlineData("{\"percent\":", "a line must be")]
    [InlineData("{}", "a line must be")]
    [InlineData("[40]", "a line must be")]
    [InlineData("""{"percent":"40"}""", "a line must be")]
    [InlineData("""{"precent":40}""", "a line must be")]
    [InlineData("""{"message":"\ud800"}""", "a line must be")]
    [InlineData("NaN", "a line must be")]
    [InlineData("101", "percent must be 0 to 100, not 101")]
    [InlineData("""{"percent":-1}""", "percent must be 0 to 100, not -1")]
    [InlineData("""{"percent":1e999}""", "percent must be 0 to 100, not 1e999")]
    public void Should_say_why_a_line_cannot_be_used(string line, string why)
    {
        var read = ProgressLine.Parse(line);

        Assert.Null(read.Update);
        Assert.StartsWith(why, read.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_use_the_rest_of_a_line_when_its_checkpoint_is_too_large_or_too_deep()
    {
        var large = ProgressLine.Parse($$"""{"percent":40,"checkpoint":"{{new string('x', 16 * 1024)}}"}""");
        var deep = ProgressLine.Parse($$"""{"percent":40,"checkpoint":{{new string('[', 57)}}{{new string(']', 57)}}}""");

        Assert.Equal((40.0, null), (large.Update!.Percent, large.Update.Checkpoint));
        Assert.StartsWith("the checkpoint may have at most 16384 bytes", large.Problem, StringComparison.Ordinal);
        Assert.Equal((40.0, null), (deep.Update!.Percent, deep.Update.Checkpoint));
        Assert.StartsWith("the checkpoint may be nested at most 56 levels", deep.Problem, StringComparison.Ordinal);
        Assert.Equal(1_000, ProgressLine.Parse($$"""{"message":"{{new string('m', 2_000)}}"}""").Update!.Message!.Length);
    }
}
