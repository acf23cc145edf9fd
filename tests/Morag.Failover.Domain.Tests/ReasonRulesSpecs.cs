using System.Reflection;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Sizes;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Tests;

/// <summary>A reason that comes past the HTTP API, from a cluster client, has the same limit.</summary>
public sealed class ReasonRulesSpecs
{
    /// <summary>Messages with a reason that owners make themselves, from reasons that were checked or from words of their own.</summary>
    private static readonly Type[] BetweenOwners = [typeof(FenceInstance), typeof(Unpark), typeof(OpenBreakerByStrategy)];

    public static TheoryData<Type> Calls =>
    [
        .. from type in typeof(CancelTask).Assembly.GetTypes()
           where typeof(IWireMessage).IsAssignableFrom(type) && type.GetProperty("Reason")?.PropertyType == typeof(string)
           where type.GetInterfaces()
               .Any(face => face == typeof(IPartitionMessage) || face == typeof(ITaskMessage) || face == typeof(IWorkerMessage))
           where !BetweenOwners.Contains(type)
           select type,
    ];

    [Theory]
    [MemberData(nameof(Calls))]
    public void Should_refuse_a_reason_by_its_bytes_when_it_is_too_long(Type type)
    {
        var most = CallLimits.MaxReasonBytes;

        Assert.Null(ReasonRules.Refusal(Call(type, new string('x', most))));
        var refused = ReasonRules.Refusal(Call(type, new string('\u20ac', (most / 3) + 1)));

        Assert.Equal(("reason", "reason may have at most 1000 bytes in UTF-8, not 1002"), (refused?.Field, refused?.Message));
    }

    private static object Call(Type type, string reason)
    {
        var call = Activator.CreateInstance(type)!;
        type.GetProperty("Reason", BindingFlags.Public | BindingFlags.Instance)!.SetValue(call, reason);
        return call;
    }
}
