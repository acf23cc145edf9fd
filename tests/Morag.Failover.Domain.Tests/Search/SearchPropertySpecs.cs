using System.Text.Json;
using CsCheck;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Search;
using static Morag.Failover.Domain.Tests.Search.SearchTasksOf;

namespace Morag.Failover.Domain.Tests.Search;

public sealed class SearchPropertySpecs
{
    private static readonly string[] Pieces =
    [
        "state", "payload", "payload.", ".file", "error", "age", "created", "priority", ":", "~", ">", ">=", "<", "<=", "=", "!", "-",
        "(", ")", ",", "\"", "\\", "\\\"", "*", " ", "or", "and", "not", "parked", "1h", "now-1h", "42", "-1e999", "é", "\ud800", "\0",
        "mp4", "\u202e", "2026-11-28", "9999-12-31", "now+99999d",
    ];

    private static readonly Gen<string> Hostile =
        Gen.Int[0, Pieces.Length - 1].Array[0, 40].Select(chosen => string.Concat(chosen.Select(at => Pieces[at])));

    private static readonly string[] SortTexts = ["", "-id", "failures", "-failures", "created", "-age", "worker", "-worker"];

    private static readonly Gen<string> Sorts =
        Gen.Int[0, SortTexts.Length - 1].Select(chosen => SortTexts[chosen]);

    private static readonly JsonSerializerOptions Relaxed = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Texts with everything that JSON has to escape.</summary>
    private static readonly Gen<string> Texts = Gen.OneOf(
        Gen.String[Gen.Char["aAbB\"\\/ \n\t<ßéK"], 0, 8],
        Gen.String[Gen.Char[' ', '~'], 0, 8]);

    [Fact]
    public void Should_answer_any_text_with_a_filter_or_an_error_inside_it() => Gen.OneOf(Hostile, Gen.String[0, 60]).Sample(
        text =>
        {
            if (TaskSearch.TryParse(text, out var search, out var error))
            {
                foreach (var task in All)
                {
                    _ = search.Matches(task, Scope);
                }
            }
            else
            {
                Assert.InRange(error.Position, 0, text.Length);
                Assert.InRange(error.Position + error.Length, error.Position, Math.Max(text.Length, error.Position + 1));
                Assert.NotEmpty(error.Rule);
            }
        },
        iter: 20_000);

    [Fact]
    public void Should_complete_any_text_with_texts_that_fit_before_the_cursor() => Gen.Select(Hostile, Gen.Int[-2, 60]).Sample(
        (text, cursor) =>
        {
            var at = Math.Clamp(cursor, 0, text.Length);
            Assert.All(
                SearchCompletion.Complete(text, cursor, ["gpu_priority", "odd queue"]),
                suggestion => Assert.InRange(suggestion.Start, 0, at));
        },
        iter: 5_000);

    [Fact]
    public void Should_find_a_text_in_json_as_in_the_decoded_values() => Gen.Select(Texts, Texts, Gen.Bool).Sample(
        (value, needle, escaped) =>
        {
            var json = JsonSerializer.Serialize(new { a = new[] { value, "other" } }, escaped ? JsonSerializerOptions.Default : Relaxed);
            var task = Task("t", json);
            var quoted = SearchTokensOf(needle);

            Assert.Equal(
                needle.Length > 0 && (Contains(value, needle) || Contains("other", needle)),
                TaskSearch.TryParse($"payload.a~{quoted}", out var search, out _) && search.Matches(task, Scope));
            Assert.Equal(value == needle || needle == "other", Parse($"payload.a:{quoted}").Matches(task, Scope));
            Assert.Equal(value == needle, Parse($"payload.a.0:{quoted}").Matches(task, Scope));
        },
        iter: 5_000);

    [Fact]
    public void Should_page_through_every_match_once_in_order() => Gen.Select(
        Gen.Int[0, 5].Array[0, 60], Gen.Int[1, 9], Sorts, Gen.Bool).Sample(
        (failures, limit, sort, counts) =>
        {
            var tasks = failures.Select((count, number) => Task($"t{number:00}", "1") with
            {
                Budgets = new TaskBudgets { Failures = count },
                SubmittedAt = Now.AddMinutes(count),
                Lease = count == 0 ? null : new TaskLease { WorkerId = new($"w{count}"), Epoch = new(1) },
            }).ToList();
            var state = QueueState.Empty with { Tasks = TaskTable.Of(tasks) };
            var query = new SearchTasks { Partition = 0, Filter = "-failures:3", Sort = sort, Limit = limit, At = Now, Count = counts };
            Assert.Null(TaskSearches.Read(query, out var search, out var order));
            var (found, places) = (new List<string>(), new List<SearchPlace>());
            TaskMatches page;
            do
            {
                page = TaskSearches.Find(state, query, search, order, Scope, _ => null);
                Assert.Equal(counts ? failures.Count(count => count != 3) : null, page.Count);
                found.AddRange(page.Tasks.Select(task => task.TaskId.Value));
                places.AddRange(page.Places);
                query = query with { After = page.Places.LastOrDefault() };
            }
            while (page.HasMore);

            Assert.Equal(failures.Count(count => count != 3), found.Distinct().Count());
            Assert.Equal(found.Distinct(), found);
            Assert.All(places.Zip(places.Skip(1)), pair => Assert.True(order.Compare(pair.First, pair.Second) < 0));
            if (sort == "failures")
            {
                Assert.Equal(found.OrderBy(FailuresOf).ThenBy(id => id, StringComparer.Ordinal), found);
            }

            int FailuresOf(string id) => failures[int.Parse(id[1..], System.Globalization.CultureInfo.InvariantCulture)];
        },
        iter: 300);

    [Fact]
    public void Should_count_the_parts_of_the_matches_as_separate_searches_do() => Gen.Select(
        Gen.Int[0, 5].Array[0, 30], Gen.Int[0, 6].Array[0, 8]).Sample(
        (failures, bounds) =>
        {
            var state = QueueState.Empty with
            {
                Tasks = TaskTable.Of([.. failures.Select((count, number) =>
                    Task($"t{number:00}", "1") with { Budgets = new TaskBudgets { Failures = count } })]),
            };
            var query = new SearchTasks { Partition = 0, Filter = "-failures:3", Limit = 0, Count = true, At = Now };

            var counted = Find(query with { Parts = [.. bounds.Select(bound => $"failures<{bound}")] });

            Assert.Equal(
                bounds.Select(bound => Find(query with { Filter = $"-failures:3 failures<{bound}" }).Count!.Value), counted.PartCounts);
            Assert.Equal(failures.Count(count => count != 3), counted.Count);

            TaskMatches Find(SearchTasks wanted)
            {
                Assert.Null(TaskSearches.Read(wanted, out var search, out var order));
                return TaskSearches.Find(state, wanted, search, order, Scope, _ => null);
            }
        },
        iter: 300);

    [Fact]
    public void Should_refuse_parts_that_are_broken_or_too_many()
    {
        var query = new SearchTasks { Partition = 0, Count = true, At = Now };

        Assert.All<ImmutableArray<string>>(
            [["failures<"], [.. Enumerable.Repeat("a", SearchTasks.MaxParts + 1)], [new string('a', SearchTasks.MaxPartsLength + 1)]],
            parts => Assert.Equal("parts", TaskSearches.Read(query with { Parts = parts }, out _, out _)?.Field));
    }

    [Fact]
    public void Should_end_a_search_when_it_is_cancelled()
    {
        var state = QueueState.Empty with { Tasks = TaskTable.Of([Task("t1", "1")]) };
        var query = new SearchTasks { Partition = 0, Filter = "failures:0", At = Now };
        Assert.Null(TaskSearches.Read(query, out var search, out var order));

        Assert.Throws<OperationCanceledException>(
            () => TaskSearches.Find(state, query, search, order, Scope, _ => null, new CancellationToken(canceled: true)));
    }

    private static bool Contains(string text, string part) => text.Contains(part, StringComparison.OrdinalIgnoreCase);

    private static string SearchTokensOf(string text) =>
        $"\"{text.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";
}
