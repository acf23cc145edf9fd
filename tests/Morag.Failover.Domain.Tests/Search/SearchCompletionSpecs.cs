using Morag.Failover.Domain.Search;

namespace Morag.Failover.Domain.Tests.Search;

public sealed class SearchCompletionSpecs
{
    private static readonly string[] Queues = ["gpu_priority", "gpu_fallback", "with space"];

    [Theory]
    [InlineData("stra", "strategy:")]
    [InlineData("sta", "state: instance:")]
    [InlineData("state:pa", "parked")]
    [InlineData("state:parked,qu", "queued")]
    [InlineData("-queue:gpu_p", "gpu_priority")]
    [InlineData("queue:\"gpu_p", "gpu_priority")]
    [InlineData("queue:with", "\"with space\"")]
    [InlineData("(gpu:", "true false")]
    [InlineData("age>", "15m 1h 1d 1w")]
    [InlineData("created>now-1", "now-15m now-1h now-1d now-1w")]
    [InlineData("payl", "payload.")]
    [InlineData("state:parked o", "or")]
    [InlineData("retry_count", "failures>")]
    [InlineData("error~\"state:pa", "")]
    [InlineData("age:", "")]
    [InlineData("payload.file", "")]
    public void Should_suggest_what_can_stand_at_the_cursor(string text, string suggested)
    {
        var suggestions = SearchCompletion.Complete(text, text.Length, Queues);

        Assert.Equal(suggested, string.Join(' ', suggestions.Select(suggestion => suggestion.Text)));
    }

    [Fact]
    public void Should_suggest_the_operators_of_a_complete_field() =>
        Assert.Equal(
            [("age>", 0), (">", 3), (">=", 3), ("<", 3), ("<=", 3)],
            SearchCompletion.Complete("age", 3, Queues)
                .Where(suggestion => suggestion.Text == "age>" || suggestion.Kind == SuggestionKind.Operator)
                .Select(suggestion => (suggestion.Text, suggestion.Start)));

    [Fact]
    public void Should_complete_in_the_middle_of_a_filter()
    {
        var suggestion = Assert.Single(SearchCompletion.Complete("state:par failures>2", 9, Queues));

        Assert.Equal(("parked", 6, SuggestionKind.Value), (suggestion.Text, suggestion.Start, suggestion.Kind));
    }

    [Fact]
    public void Should_suggest_every_field_for_an_empty_filter() =>
        Assert.Equal(
            SearchFields.All.Length,
            SearchCompletion.Complete("", 0, Queues).Count(suggestion => suggestion.Kind == SuggestionKind.Field));
}
