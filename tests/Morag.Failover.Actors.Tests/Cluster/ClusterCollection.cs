namespace Morag.Failover.Actors.Tests.Cluster;

/// <summary>The specs that share the nodes: starting them takes seconds.</summary>
[CollectionDefinition(nameof(ClusterCollection))]
public sealed class ClusterCollection : ICollectionFixture<ClusterNodes>;
