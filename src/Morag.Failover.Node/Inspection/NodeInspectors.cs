using Akka.Actor;
using Akka.Cluster;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Cluster;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Inspection;

/// <summary>Asks the <see cref="NodeInspector"/>s of the members of the cluster.</summary>
internal sealed class NodeInspectors(ActorSystem system, NodeAnnouncements announcements)
{
    /// <summary>How long a node may take to answer.</summary>
    public static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(3);

    /// <summary>What users call the node that they ask.</summary>
    public const string Self = "self";

    private readonly Akka.Cluster.Cluster cluster = Akka.Cluster.Cluster.Get(system);

    /// <summary>The members, oldest first.</summary>
    public IReadOnlyList<Member> Members =>
        [.. cluster.State.Members.Where(member => member.Status != MemberStatus.Removed).Order(Member.AgeOrdering)];

    /// <summary>The name of a member, as host and port.</summary>
    public static string NameOf(Member member) => NodeName.Of(member.Address);

    /// <summary>The members that a user means: one that the text names, or all if there is no text.</summary>
    public IReadOnlyList<Member> FindOrAll(string? text) => string.IsNullOrEmpty(text) ? Members : [Find(text)];

    /// <summary>The member that a user names by its address, its host and port, the URL of its HTTP API, or "self".</summary>
    /// <exception cref="ProblemException">There is no such member. The message lists them.</exception>
    public Member Find(string text, string field = "node")
    {
        var members = Members;
        var wanted = text == Self ? NodeName.Of(cluster.SelfAddress) : text.TrimEnd('/');
        var found = members
            .Where(member => member.Address.ToString() == wanted || NameOf(member) == wanted || UrlOf(member)?.TrimEnd('/') == wanted)
            .ToList();

        // A process that has died and its successor at the same address can both be members.
        return found.Find(member => member.Status is not (MemberStatus.Down or MemberStatus.Exiting)) ?? found.FirstOrDefault()
            ?? throw new ProblemException(Problem.Unknown(
                $"no node of the cluster is called \"{text}\". The nodes are {string.Join(", ", members.Select(NameOf))}") with
            {
                Field = field,
            });
    }

    /// <summary>The answer of one member; null if it does not answer in time.</summary>
    public Task<T?> AskAsync<T>(Member member, IWireMessage message, CancellationToken cancellation)
        where T : class => AskAsync<T>(member.Address, message, cancellation);

    /// <summary>The answer of the node at an address; null if it does not answer in time.</summary>
    public async Task<T?> AskAsync<T>(Address node, IWireMessage message, CancellationToken cancellation)
        where T : class
    {
        try
        {
            var inspector = system.ActorSelection(new RootActorPath(node) / "user" / NodeInspector.Name);
            return await inspector.Ask<T>(message, AnswerTimeout, cancellation);
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }

    /// <summary>The answers of members in their order; null for those that do not answer in time.</summary>
    public async Task<IReadOnlyList<(Member Member, T? Answer)>> AskEachAsync<T>(
        IReadOnlyList<Member> members, IWireMessage message, CancellationToken cancellation)
        where T : class
    {
        var answers = await Task.WhenAll(members.Select(member => AskAsync<T>(member, message, cancellation)));
        return [.. members.Zip(answers)];
    }

    private string? UrlOf(Member member) => member.UniqueAddress.Equals(cluster.SelfUniqueAddress)
        ? announcements.Own
        : announcements.Known.GetValueOrDefault(MemberId.Of(member.UniqueAddress));
}
