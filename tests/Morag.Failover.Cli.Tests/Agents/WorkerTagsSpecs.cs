using Morag.Failover.Cli.Agents;
using Morag.Failover.Cli.CommandLine;

namespace Morag.Failover.Cli.Tests.Agents;

public sealed class WorkerTagsSpecs
{
    [Fact]
    public void Should_read_a_key_and_all_that_follows_it() => Assert.Equal(
        [new("note", ""), new("query", "a=b"), new("site", "home")],
        WorkerTags.Parse(["site=home", "query=a=b", "note="]));

    [Fact]
    public void Should_be_empty_when_none_is_given() => Assert.Empty(WorkerTags.Parse(null));

    [Theory]
    [InlineData("--tag must be KEY=VALUE", "site")]
    [InlineData("--tag must be KEY=VALUE", "=home")]
    [InlineData("--tag: the key \"site\" is given twice", "site=home", "site=office")]
    public void Should_name_the_option_when_a_text_is_wrong(string message, params string[] given)
    {
        var refused = Assert.Throws<CommandFailure>(() => WorkerTags.Parse(given));

        Assert.Equal(ExitCode.Usage, refused.ExitCode);
        Assert.StartsWith(message, refused.Message, StringComparison.Ordinal);
    }
}
