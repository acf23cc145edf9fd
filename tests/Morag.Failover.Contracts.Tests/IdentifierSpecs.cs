using System.Text.Json;

namespace Morag.Failover.Contracts.Tests;

public sealed class IdentifierSpecs
{
    [Theory]
    [InlineData("a")]
    [InlineData("0")]
    [InlineData("w:highestSequenceNr2")]
    [InlineData("highestSequenceNr")]
    [InlineData("video-17.part_2:en@gpu~1+x=y")]
    [InlineData("3f2504e0-4f89-11d3-9a0c-0305e82c3301")]
    public void Should_allow_what_can_stand_in_a_url_and_a_key(string id) => Assert.True(Identifier.IsValid(id));

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("../x")]
    [InlineData("a/b")]
    [InlineData("a b")]
    [InlineData("a\n")]
    [InlineData("-a")]
    [InlineData("ä")]
    [InlineData("a%2fb")]
    [InlineData("w:highestSequenceNr")]
    public void Should_refuse_everything_else(string? id) => Assert.False(Identifier.IsValid(id));

    [Fact]
    public void Should_allow_128_characters_and_no_more()
    {
        Assert.True(Identifier.IsValid(new string('a', 128)));
        Assert.False(Identifier.IsValid(new string('a', 129)));
    }

    [Fact]
    public void Should_name_the_rule_when_json_breaks_it()
    {
        var failure = Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<TaskId>("\"../x\"", ContractsJson.Options));

        Assert.Contains(Identifier.Rule, failure.Message, StringComparison.Ordinal);
    }
}
