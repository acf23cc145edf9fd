using System.Text.Json;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Journal;
using Morag.Persistence.Redis.Inspection;

namespace Morag.Failover.Node.Tests.Http;

public sealed class VerifyAnswerSpecs
{
    [Fact]
    public void Should_keep_below_the_limit_and_say_what_is_left_out_when_there_are_too_many_defects()
    {
        var found = Defects(20_000);

        var answer = JournalEndpoints.Fitting(found);

        Assert.InRange(
            JsonSerializer.SerializeToUtf8Bytes(answer, ContractsJson.Options).Length,
            MessageLimits.MaxBytes / 2,
            MessageLimits.MaxBytes);
        Assert.Equal(found.Take(answer.Count - 1), answer.Take(answer.Count - 1));
        Assert.EndsWith(
            $"; and {found.Length - answer.Count:N0} more defects that this response has no room for",
            answer[^1].Detail,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Should_leave_nothing_out_when_all_defects_fit() => Assert.Equal(100, JournalEndpoints.Fitting(Defects(100)).Count);

    private static JournalDefect[] Defects(int count) =>
        [.. Enumerable.Range(1, count).Select(number => new JournalDefect(
            "queue-0",
            "journal:persisted:queue-0",
            number,
            DefectKind.Unreadable,
            new string('\u20ac', 200)))];
}
