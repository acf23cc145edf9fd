using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Search;
using static Morag.Failover.Domain.Tests.Search.SearchTasksOf;

namespace Morag.Failover.Domain.Tests.Search;

public sealed class TaskSearchSpecs
{
    [Theory]
    [InlineData("", "render-7 job:1 ok")]
    [InlineData("state:parked", "job:1")]
    [InlineData("state:parked,succeeded", "job:1 ok")]
    [InlineData("STATE:Parked", "job:1")]
    [InlineData("-state:parked", "render-7 ok")]
    [InlineData("not state:parked,leased", "ok")]
    [InlineData("state:parked or state:leased", "render-7 job:1")]
    [InlineData("(state:parked or state:leased) queue:gpu_priority", "render-7")]
    [InlineData("state:parked or state:leased queue:cpu_batch", "job:1")]
    [InlineData("-(state:parked or state:leased)", "ok")]
    [InlineData("state:leased and queue:gpu_priority", "render-7")]
    [InlineData("--state:parked", "job:1")]
    public void Should_join_terms_as_the_grammar_says(string filter, string found) => Check(filter, found);

    [Theory]
    [InlineData("id:job:1", "job:1")]
    [InlineData("id~RENDER", "render-7")]
    [InlineData("queue~cpu_", "job:1 ok")]
    [InlineData("priority:batch", "job:1")]
    [InlineData("priority>normal", "ok")]
    [InlineData("priority>=5", "render-7 ok")]
    [InlineData("priority<=3", "job:1")]
    [InlineData("worker:gpu-3", "render-7")]
    [InlineData("worker:*", "render-7 ok")]
    [InlineData("holder:*", "render-7")]
    [InlineData("-worker:*", "job:1")]
    [InlineData("epoch:1007", "render-7")]
    [InlineData("attempts>=3", "render-7")]
    [InlineData("failures>2", "")]
    [InlineData("failures:2", "render-7")]
    [InlineData("rung>0", "render-7")]
    [InlineData("max_retries:3", "render-7 job:1 ok")]
    [InlineData("error~\"cuda out of\"", "render-7")]
    [InlineData("error:\"CUDA out of memory\"", "render-7")]
    [InlineData("error:\"CUDA out of\"", "")]
    [InlineData("failure:task_timeout", "render-7")]
    [InlineData("failure~time", "render-7")]
    [InlineData("strategy:degrade_quality,fallback_queue", "render-7")]
    [InlineData("parked~budget", "job:1")]
    [InlineData("history:leased", "render-7")]
    [InlineData("content_type:video/mp4", "render-7")]
    [InlineData("content-type:*", "render-7")]
    [InlineData("capability:gpu", "render-7")]
    [InlineData("capability:cpu", "job:1 ok")]
    [InlineData("gpu:true", "render-7")]
    [InlineData("memory_gb>=8", "render-7 job:1 ok")]
    public void Should_compare_each_field(string filter, string found) => Check(filter, found);

    [Fact]
    public void Should_find_an_error_by_its_whole_text_also_when_the_history_keeps_only_its_beginning()
    {
        var message = string.Concat(Enumerable.Repeat("0123456789", 80));
        var kept = new TaskHistoryEntry { At = Now, What = "lease_ended", Detail = $"task_timeout: {message}"[..500] + "…" };
        var task = Failing with { History = [kept] };

        Assert.True(Search($"error:\"{message}\"").Matches(task, Scope));
        Assert.True(Search($"history:\"task_timeout: {message}\"").Matches(task, Scope));
        Assert.False(Search($"error:\"{message[..400]}\"").Matches(task, Scope));
        Assert.False(Search($"error:\"{message[..450]}x{message[451..]}\"").Matches(task, Scope));
    }

    [Theory]
    [InlineData("payload.id:9007199254740993", true)]
    [InlineData("payload.id:9007199254740992", false)]
    [InlineData("payload.id>9007199254740992", true)]
    [InlineData("payload.id<=9007199254740992", false)]
    [InlineData("payload.id<9007199254740993", false)]
    [InlineData("payload.id:9007199254740993.0", true)]
    [InlineData("payload.huge:1e40", true)]
    [InlineData("payload.huge>1e39", true)]
    [InlineData("payload.id<1e300", true)]
    public void Should_compare_integers_exactly_that_a_double_cannot_tell_apart(string filter, bool matches)
    {
        var task = SearchTasksOf.Task("big", """{"id":9007199254740993,"huge":1e40}""");

        Assert.Equal(matches, Search(filter).Matches(task, Scope));
    }

    [Theory]
    [InlineData("age>1h30m", "render-7 job:1")]
    [InlineData("age<=1h", "ok")]
    [InlineData("running>5m", "render-7")]
    [InlineData("waiting>1s", "")]
    [InlineData("created:2026-11-25", "job:1")]
    [InlineData("created>2026-11-25", "render-7 ok")]
    [InlineData("created>=2026-11-25", "render-7 job:1 ok")]
    [InlineData("created<2026-11-28T10:00Z", "job:1")]
    [InlineData("created<=2026-11-28T10:00Z", "render-7 job:1")]
    [InlineData("created>now-90m", "ok")]
    [InlineData("finished>now-2m", "ok")]
    [InlineData("deadline<now+1d", "render-7")]
    [InlineData("updated>now-11m", "render-7")]
    public void Should_compare_times_and_durations(string filter, string found) => Check(filter, found);

    [Theory]
    [InlineData("payload.file~MP4", "render-7")]
    [InlineData("payload.file:a.mp4", "render-7")]
    [InlineData("payload.file:a", "")]
    [InlineData("payload.frames.n:42", "render-7")]
    [InlineData("payload.frames.1.n:42", "render-7")]
    [InlineData("payload.frames.0.n:42", "")]
    [InlineData("payload.frames.n>41", "render-7")]
    [InlineData("payload.\"odd key\":true", "render-7")]
    [InlineData("payload.\"odd key\":\"true\"", "")]
    [InlineData("payload.missing:*", "")]
    [InlineData("payload.1:2.5", "job:1")]
    [InlineData("payload:2.5", "job:1")]
    [InlineData("payload~strasse", "")]
    [InlineData("payload~STRAßE", "job:1")]
    [InlineData("payload~é", "job:1")]
    [InlineData("payload~\"\\\"x\\\"\"", "job:1")]
    [InlineData("payload~frames", "render-7")]
    [InlineData("result.frames>1000", "ok")]
    [InlineData("result.ok:true", "ok")]
    [InlineData("result.note:null", "ok")]
    [InlineData("result.note:*", "")]
    [InlineData("quality.rung>0", "render-7")]
    [InlineData("quality.until>now", "render-7")]
    [InlineData("quality.until<2026-11-28", "")]
    public void Should_search_json_at_a_path(string filter, string found) => Check(filter, found);

    [Theory]
    [InlineData("mp4", "render-7")]
    [InlineData("cuda", "render-7")]
    [InlineData("job", "job:1")]
    [InlineData("\"job:1\"", "job:1")]
    [InlineData("cuda,job", "render-7 job:1")]
    [InlineData("-mp4", "job:1 ok")]
    public void Should_find_a_bare_word_in_id_errors_and_payload(string filter, string found) => Check(filter, found);

    [Theory]
    [InlineData("stat:parked", 0, 4, "stat", "state")]
    [InlineData("state:parked queu:x", 13, 4, "queu", "queue")]
    [InlineData("retry_count>1", 0, 11, "retry_count", "failures")]
    [InlineData("xyzzy:1", 0, 5, "xyzzy", null)]
    [InlineData("state:parkd", 6, 5, "state", null)]
    [InlineData("failures>many", 9, 4, "failures", null)]
    [InlineData("age>1", 4, 1, "age", null)]
    [InlineData("created>yesterday", 8, 9, "created", null)]
    [InlineData("gpu:maybe", 4, 5, "gpu", null)]
    [InlineData("age:1h", 3, 1, "age", null)]
    [InlineData("failures~1", 8, 1, "failures", null)]
    [InlineData("state>parked", 5, 1, "state", null)]
    [InlineData("state=parked", 5, 1, "state", null)]
    [InlineData("failures>1,2", 11, 1, "failures", null)]
    [InlineData("state.x:1", 0, 7, "state", null)]
    [InlineData("state:", 6, 0, "state", null)]
    [InlineData("error~\"\"", 6, 2, "error", null)]
    [InlineData("error~\"open", 6, 5, "error", null)]
    [InlineData("error~\"a\\q\"", 6, 4, "error", null)]
    [InlineData("(state:parked", 0, 1, null, null)]
    [InlineData("state:parked)", 12, 1, null, null)]
    [InlineData("state:parked or", 15, 0, null, null)]
    [InlineData("or", 0, 0, null, null)]
    [InlineData("-", 1, 0, null, null)]
    public void Should_name_position_field_and_suggestion_of_an_error(
        string filter, int position, int length, string? field, string? suggestion)
    {
        var error = Refuse(filter);

        Assert.Equal((position, length, field, suggestion), (error.Position, error.Length, error.Field, error.Suggestion));
        Assert.StartsWith($"at character {position + 1}: ", error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Should_refuse_filters_beyond_the_limits()
    {
        var words = string.Join(' ', Enumerable.Repeat("a", SearchLimits.MaxTerms));
        var depth = SearchLimits.MaxDepth;

        _ = Parse(words);
        Assert.Contains("100 values", Refuse($"{words} a").Rule, StringComparison.Ordinal);
        Assert.Contains("100 values", Refuse($"state:{string.Join(',', Enumerable.Repeat("parked", 101))}").Rule, StringComparison.Ordinal);
        _ = Parse($"{new string('(', depth)}a{new string(')', depth)}");
        Assert.Contains("16 deep", Refuse($"{new string('(', depth + 1)}a{new string(')', depth + 1)}").Rule, StringComparison.Ordinal);
        Assert.Contains("16 deep", Refuse($"{new string('-', 1_900)}a").Rule, StringComparison.Ordinal);
        _ = Parse(new string('a', SearchLimits.MaxLength));
        Assert.Contains("2,000", Refuse(new string('a', SearchLimits.MaxLength + 1)).Rule, StringComparison.Ordinal);
        Assert.Contains("16 names", Refuse($"payload{string.Concat(Enumerable.Repeat(".a", 17))}:1").Rule, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_accept_the_example_of_every_field() =>
        Assert.All(SearchFields.All, field =>
        {
            _ = Parse(field.Example);
            Assert.StartsWith(field.Name, field.Example, StringComparison.Ordinal);
            Assert.Same(field, SearchFields.Find(field.Name));
        });

    [Fact]
    public void Should_read_deep_and_repetitive_json_in_one_pass()
    {
        var deep = Task("deep", $"{new string('[', 56)}0{new string(']', 56)}");
        var path = string.Concat(Enumerable.Repeat(".0", SearchLimits.MaxPath));

        Assert.True(Parse($"payload{path}:0").Matches(deep, Scope));
        Assert.False(Parse($"payload{path}:1").Matches(deep, Scope));
        Assert.False(Parse("payload.a.b.c:1").Matches(deep, Scope));
    }

    private static void Check(string filter, string found) =>
        Assert.Equal(found.Split(' ', StringSplitOptions.RemoveEmptyEntries), Find(filter));

    private static TaskSearch Search(string filter) =>
        TaskSearch.TryParse(filter, out var search, out var error) ? search : throw new InvalidOperationException($"{error}");
}
