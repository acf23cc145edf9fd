using System.Net;
using System.Reflection;
using System.Text.Json;
using Morag.Failover.Client.Connection;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client.Tests.Http;

/// <summary>Which exception a problem becomes.</summary>
public sealed class ProblemsSpecs
{
    private static readonly Dictionary<string, (Type Exception, bool OutcomeUnknown)> Expected = new()
    {
        [ProblemTypes.Invalid] = (typeof(MoragInvalidException), false),
        [ProblemTypes.UnknownQueue] = (typeof(MoragInvalidException), false),
        [ProblemTypes.NotJson] = (typeof(MoragInvalidException), false),
        [ProblemTypes.TooLarge] = (typeof(MoragInvalidException), false),
        [ProblemTypes.WrongMediaType] = (typeof(MoragInvalidException), false),
        [ProblemTypes.WrongEncoding] = (typeof(MoragInvalidException), false),
        [ProblemTypes.Unauthorized] = (typeof(MoragAccessDeniedException), false),
        [ProblemTypes.Forbidden] = (typeof(MoragAccessDeniedException), false),
        [ProblemTypes.ForeignOrigin] = (typeof(MoragAccessDeniedException), false),
        [ProblemTypes.Unknown] = (typeof(MoragNotFoundException), false),
        [ProblemTypes.Conflict] = (typeof(MoragConflictException), false),
        [ProblemTypes.Stale] = (typeof(MoragLeaseEndedException), false),
        [ProblemTypes.LimitReached] = (typeof(MoragLimitReachedException), false),
        [ProblemTypes.Unavailable] = (typeof(MoragUnavailableException), true),
        [ProblemTypes.OwnerDown] = (typeof(MoragUnavailableException), false),
        [ProblemTypes.NotReady] = (typeof(MoragUnavailableException), false),
    };

    public static TheoryData<string> Types =>
    [
        .. typeof(ProblemTypes).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(constant => constant.Name != nameof(ProblemTypes.Prefix))
            .Select(constant => (string)constant.GetRawConstantValue()!),
    ];

    [Theory]
    [MemberData(nameof(Types))]
    public void Should_have_an_exception_for_each_type_whatever_its_status(string type)
    {
        var failure = Problems.Of(NodeProblem.Read(HttpStatusCode.Gone, JsonSerializer.Serialize(new { type, detail = "why" })));

        Assert.Equal(Expected[type], (failure.GetType(), failure.OutcomeUnknown));
        Assert.Equal((type, "why"), (failure.ProblemType, failure.Message));
    }

    [Theory]
    [InlineData(400, typeof(MoragInvalidException))]
    [InlineData(401, typeof(MoragAccessDeniedException))]
    [InlineData(404, typeof(MoragUnavailableException))]
    [InlineData(409, typeof(MoragConflictException))]
    [InlineData(429, typeof(MoragLimitReachedException))]
    [InlineData(502, typeof(MoragUnavailableException))]
    public void Should_judge_by_the_status_when_a_proxy_or_a_newer_node_answers(int status, Type expected) =>
        Assert.IsType(expected, Problems.Of(NodeProblem.Read((HttpStatusCode)status, "<html>proxy</html>")));

    [Theory]
    [InlineData(RefusalReason.Invalid, ProblemTypes.Invalid)]
    [InlineData(RefusalReason.Unknown, ProblemTypes.Unknown)]
    [InlineData(RefusalReason.Conflict, ProblemTypes.Conflict)]
    [InlineData(RefusalReason.LimitReached, ProblemTypes.LimitReached)]
    [InlineData(RefusalReason.Unavailable, ProblemTypes.Unavailable)]
    public void Should_give_a_refusal_the_exception_of_its_problem_over_http(RefusalReason reason, string type)
    {
        var failure = MoragException.Of(new Refused { Reason = reason, Message = "why", Field = "queue" });

        Assert.Equal(Expected[type], (failure.GetType(), failure.OutcomeUnknown));
        Assert.Equal((type, "queue: why"), (failure.ProblemType, failure.Message));
    }
}
